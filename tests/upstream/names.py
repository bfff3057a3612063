"""A real name server on loopback whose answers change from question to question, and a resolver that asks it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

from dnslib import AAAA, QTYPE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

from esteio.upstream.addresses import Address
from esteio.upstream.failures import NameUnresolved
from tests.house import AMPLE


class Zone(BaseResolver):
    """`answers[name]` are lists of addresses, one list a question; the last is repeated."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        name = str(request.q.qname).rstrip(".")
        self.asked.append(name)
        reply = request.reply()
        turns = self.answers.get(name, [[]])
        for address in turns.pop(0) if len(turns) > 1 else turns[0]:
            version = ip_address(address).version
            kind, data = (QTYPE.A, A(address)) if version == 4 else (QTYPE.AAAA, AAAA(ip_address(address).exploded))
            reply.add_answer(RR(name, kind, rdata=data, ttl=0))
        return reply


class StubResolver:
    """Asks one name server over UDP, anew for every connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str) -> Sequence[Address]:
        question = DNSRecord.question(host)
        answer = await asyncio.to_thread(question.send, "127.0.0.1", self._port, timeout=AMPLE)
        found = [ip_address(str(record.rdata)) for record in DNSRecord.parse(answer).rr]
        if not found:
            raise NameUnresolved(host)
        return found


@contextmanager
def serving_names(**answers: list[list[str]]) -> Iterator[tuple[StubResolver, Zone]]:
    """A name server for `name__example__com=[["203.0.113.7"], ["127.0.0.1"]]`."""
    zone = Zone({name.replace("__", "."): turns for name, turns in answers.items()})
    server = DNSServer(zone, address="127.0.0.1", port=0, logger=_Silent())
    server.start_thread()
    try:
        yield StubResolver(server.server.server_address[1]), zone
    finally:
        server.stop()
        server.server.server_close()


class _Silent:
    def __getattr__(self, _: str) -> object:
        return lambda *_arguments: None
