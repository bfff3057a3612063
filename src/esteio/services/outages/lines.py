"""Lines of JSON (application/x-ndjson): taken in as they arrive, read in portions beside the loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from esteio.base.errors import PayloadTooLarge
from esteio.services.outages.bodies import OutageLine
from esteio.services.outages.schemas import Report, flaw
from esteio.services.outages.views import RefusedLine

MOST_LINES = 10_000
LONGEST_LINE = 2 * 1024 * 1024
LARGEST_BODY = 32 * 1024 * 1024
SHOWN = 100
_PORTION = 256 * 1024


Item = TypeVar("Item")
Body = TypeVar("Body", bound=BaseModel)


class Unfit(Exception):
    """What is wrong with a line, and where."""

    def __init__(self, member: str | None, code: str, words: str) -> None:
        super().__init__(words)
        self.member = member
        self.code = code
        self.message = f"{words[:1].upper()}{words[1:200]}"


@dataclass(slots=True)
class Lines(Generic[Item]):
    """What has been read so far. `items` are what the valid lines say, in their order.

    `read` makes an item of a line at a time, and raises `Unfit` for one that says none.
    """

    now: datetime
    read: Callable[[bytes, datetime], Item]
    items: list[Item] = field(default_factory=list)
    count: int = 0
    refused: int = 0
    shown: list[RefusedLine] = field(default_factory=list)
    _number: int = 0
    _begun: bytearray = field(default_factory=bytearray)

    async def take(self, chunk: bytes) -> None:
        """Take some bytes more. Raises `PayloadTooLarge` past a bound, when nothing has been written yet."""
        self._begun += chunk
        if len(self._begun) >= _PORTION:
            await self._read(last=False)

    async def end(self) -> None:
        """There is no more; the last line need not end."""
        await self._read(last=True)

    async def _read(self, *, last: bool) -> None:
        whole, _, rest = (self._begun, b"", b"") if last else self._begun.rpartition(b"\n")
        if len(rest) > LONGEST_LINE:
            raise _too_long(self._number + 1 + whole.count(b"\n"))
        self._begun = bytearray(rest)
        if whole:
            await asyncio.to_thread(self._enter, bytes(whole))

    def _enter(self, whole: bytes) -> None:
        for line in whole.removesuffix(b"\n").split(b"\n"):
            self._number += 1
            if len(line) > LONGEST_LINE:
                raise _too_long(self._number)
            if not line.strip():
                continue
            self.count += 1
            if self.count > MOST_LINES:
                raise PayloadTooLarge(f"One call takes {MOST_LINES} lines; nothing of it was written.")
            self._judge(line)

    def _judge(self, line: bytes) -> None:
        try:
            self.items.append(self.read(line, self.now))
        except Unfit as unfit:
            self.refused += 1
            if len(self.shown) < SHOWN:
                self.shown.append(
                    RefusedLine(line=self._number, field=unfit.member, code=unfit.code, message=unfit.message)
                )


def parsed(model: type[Body], line: bytes) -> Body:
    """The line as a body of this kind. Raises `Unfit`, which names no value that the line holds."""
    try:
        return model.model_validate(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise Unfit(None, "MALFORMED_JSON", "The line is no JSON.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        words = str(first["msg"]).removeprefix("Value error, ")
        raise Unfit(_path(first["loc"]), "VALIDATION_ERROR", words) from error


def outage(line: bytes, now: datetime) -> Report:
    """The report that a line is. Raises `Unfit`."""
    said = parsed(OutageLine, line)
    report = said.report(said.external_id)
    found = flaw(report, now)
    if found is not None:
        raise Unfit(found[0], "VALIDATION_ERROR", found[1])
    return report


def _path(place: Sequence[int | str]) -> str | None:
    return ".".join(str(part) for part in place) or None


def _too_long(number: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"Line {number} is longer than {LONGEST_LINE} bytes; nothing was written.")
