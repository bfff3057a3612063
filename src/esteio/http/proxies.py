"""Whose word about a request's origin is believed."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


UNIX = "unix"
"""The peer on a Unix socket, which has no address: who may open that socket is decided by its permissions."""


class TrustedProxies:
    """The listed proxies, networks or `unix`. From anyone else `X-Forwarded-*` and `traceparent` are only text."""

    def __init__(self, networks: Iterable[str]) -> None:
        listed = list(networks)
        self._unix = UNIX in listed
        self._networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in listed if one != UNIX]

    def __bool__(self) -> bool:
        return bool(self._networks) or self._unix

    def believes(self, address: str) -> bool:
        """Whether the address is one of a listed proxy; the peer on a Unix socket has the address `""`."""
        if not address:
            return self._unix
        if not self._networks:
            return False
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The caller's address: the last hop of `X-Forwarded-For` that is not itself a listed proxy."""
        if not self.believes(peer):
            return peer
        hops: list[str] = []
        for name, value in headers:
            if name == b"x-forwarded-for":
                hops.extend(hop.strip() for hop in value.decode("latin-1").split(","))
        for hop in reversed(hops):
            address = _plain_address(hop)
            if address is None:
                return peer
            if not self.believes(address):
                return address
            peer = address
        return peer


def _plain_address(hop: str) -> str | None:
    """An address without port or brackets, in its one spelling; `None` for anything else."""
    text = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
