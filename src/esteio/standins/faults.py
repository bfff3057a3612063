"""What can go wrong with a party outside, and how that looks on the line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from esteio.standins.wire import HTML, JSON, Answer

NONE, REFUSED, FLAPPING = "none", "refused", "flapping"

WORDS: Mapping[str, str] = {
    NONE: "answers as the real one does",
    "empty": "200 with an empty body",
    "null": "200 with the body `null`",
    "object": "200 with the body `{}`",
    "hang": "reads the request and never answers; with `seconds`, answers after them",
    "slow": "the body drips, all of it within `seconds` (30 unless told)",
    "error_500": "500 with an HTML page",
    "cdn_522": "522 with the HTML page of a CDN that does not reach its origin",
    "cdn_403": "403 with the HTML page of a CDN that takes the caller for a robot",
    "truncated": "closes the connection in the middle of the announced length",
    "cut_json": "half of the JSON, with the length of that half",
    "not_json": "200, called JSON, with an HTML page",
    "wrong_shape": "200 with JSON of another shape",
    "huge": "a body without announced length that goes on for 100 MB",
    REFUSED: "nobody listens on the port: connections are refused, open ones reset",
    FLAPPING: "every other call fails with 500, the first one included",
}
"""The faults that any party may have, in the words of the command line."""

TIMED = frozenset({"hang", "slow"})
FOR_EVER = float("inf")
DRIP_SECONDS = 0.1
SLOW_SECONDS = 30.0
HUGE = 100 * 1024 * 1024


class Impossible(ValueError):
    """There is no such fault; the words say why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `seconds` matters to those that take time."""

    name: str = NONE
    seconds: float | None = None


def _page(status: int, title: str) -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, page.encode(), HTML)


INSTEAD: Mapping[str, Answer] = {
    "empty": Answer(),
    "null": Answer(body=b"null"),
    "object": Answer(body=b"{}"),
    "error_500": _page(500, "Internal Server Error"),
    "cdn_522": _page(522, "Connection timed out (522)"),
    "cdn_403": _page(403, "Attention required: are you human?"),
    "not_json": Answer(body=_page(200, "Down for maintenance").body, media=JSON),
    "wrong_shape": Answer(body=b'{"items":[{"identifier":"one","cost":{"amount":"9.90"}}]}'),
}


class Faults:
    """The faults that are switched on, by the path they are limited to. A longer path overrules a shorter one."""

    def __init__(self, own: Mapping[str, str], common: Mapping[str, str] = WORDS) -> None:
        self.words = {**common, **own}
        self._by_path: dict[str, Fault] = {}
        self._flaps = 0

    def switch(self, name: str, path: str | None = None, seconds: float | None = None) -> None:
        """Switch a fault on for a path and what is below it; without a path, instead of all others.

        Raises `Impossible`.
        """
        self._check(name, path, seconds)
        if path is None:
            self._by_path.clear()
        self._flaps = 0
        self._by_path[path or "/"] = Fault(name, seconds)

    def end(self, name: str, path: str | None = None) -> bool:
        """Switch a fault off on this path, or wherever it is on; whether it was on at all."""
        found = [one for one, fault in self._by_path.items() if fault.name == name and path in (None, one)]
        for one in found:
            del self._by_path[one]
        return bool(found) and (name, found) != (NONE, ["/"])

    def _check(self, name: str, path: str | None, seconds: float | None) -> None:
        if name not in self.words:
            raise Impossible(f"there is no fault {name!r}; there are {', '.join(self.words)}")
        if name == REFUSED and path is not None:
            raise Impossible("a connection is refused before its path is known")
        if path is not None and not path.startswith("/"):
            raise Impossible("a path begins with /")
        if seconds is not None and (name not in TIMED or not 0 < seconds < FOR_EVER):
            raise Impossible(f"seconds are for {' and '.join(sorted(TIMED))}, and more than 0")

    @property
    def refused(self) -> bool:
        return any(fault.name == REFUSED for fault in self._by_path.values())

    def toward(self, path: str) -> Fault:
        """The fault that a call meets. `/products` covers `/products/1` too, `/products/` only what is below it."""
        covering = [one for one in self._by_path if path == one or path.startswith(one.rstrip("/") + "/")]
        fault = self._by_path[max(covering, key=len)] if covering else Fault()
        if fault.name != FLAPPING:
            return fault
        self._flaps += 1
        return Fault("error_500" if self._flaps % 2 else NONE)

    def switched(self) -> list[dict[str, object]]:
        """What is switched on, as JSON shows it."""
        found = [(path, fault) for path, fault in self._by_path.items() if (path, fault.name) != ("/", NONE)]
        return [{"fault": fault.name, "path": path, "seconds": fault.seconds} for path, fault in found]


async def send(answer: Answer, fault: Fault, writer: asyncio.StreamWriter) -> bool:
    """Send the answer as the fault lets it through; whether the connection may be used again."""
    answer = INSTEAD.get(fault.name, answer)
    body = answer.body
    match fault.name:
        case "truncated":
            writer.write(answer.head(max(len(body), 2)) + body[: len(body) // 2])
        case "slow":
            await _drip(answer, fault.seconds or SLOW_SECONDS, writer)
        case "huge":
            await _pour(answer, writer)
        case "cut_json":
            half = body[: len(body) // 2]
            writer.write(answer.head(len(half)) + half)
        case _:
            writer.write(answer.head(len(body)) + body)
    await writer.drain()
    return fault.name != "truncated"


async def _drip(answer: Answer, seconds: float, writer: asyncio.StreamWriter) -> None:
    body = answer.body
    writer.write(answer.head(len(body)))
    pieces = max(1, min(len(body), round(seconds / DRIP_SECONDS)))
    for number in range(pieces):
        await asyncio.sleep(seconds / pieces)
        writer.write(body[len(body) * number // pieces : len(body) * (number + 1) // pieces])
        await writer.drain()


async def _pour(answer: Answer, writer: asyncio.StreamWriter) -> None:
    """The answer's JSON after so much white space, which a reader of JSON would have to hold all the same."""
    space = b" " * 65_536
    writer.write(answer.head(None))
    for _ in range(HUGE // len(space)):
        writer.write(b"%x\r\n%b\r\n" % (len(space), space))
        await writer.drain()
    writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(answer.body), answer.body) if answer.body else b"0\r\n\r\n")
