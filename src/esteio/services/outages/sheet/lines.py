"""The lines of a CSV file, each read by itself, so that a broken one costs only itself.

Columns are separated by semicolons and may be in quotes. A line is a row: a quote that is still open at its end is an
error of this line, and does not swallow the next.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Literal

Encoding = Literal["auto", "utf-8", "latin-1"]
LONGEST = 65_536
"""Bytes of a line; a file without line ends is no reason to hold all of it."""


class BadLine(ValueError):
    """A line that cannot be used; its words say why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, the header being number 1. `size` counts its bytes."""

    number: int
    raw: bytes
    size: int

    def cells(self, encoding: Encoding) -> Sequence[str]:
        """Its columns. Raises `BadLine`."""
        if self.size > LONGEST:
            raise BadLine(f"it is longer than {LONGEST} bytes")
        if b"\0" in self.raw:
            raise BadLine("it has a NUL byte")
        text = _decoded(self.raw, encoding).rstrip("\r\n")
        if '"' not in text:
            return text.split(";")
        try:
            return next(csv.reader((text,), delimiter=";", strict=True))
        except csv.Error as error:
            raise BadLine("its quotes do not match") from error

    def shown(self) -> str:
        """The line as far as it is fit to be shown."""
        return self.raw[:500].decode("utf-8", "replace").replace("\0", "�").rstrip("\r\n")


def lines_of(file: IO[bytes]) -> Iterator[Line]:
    """The lines that are not empty, of a file from its beginning, in little memory however long they are."""
    file.seek(0)
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        size = len(raw)
        while not raw.endswith(b"\n") and size > LONGEST and (rest := file.readline(LONGEST + 1)):
            size += len(rest)
            if rest.endswith(b"\n"):
                break
        if number == 1:
            raw = raw.removeprefix(BOM_UTF8)
        if raw.strip():
            yield Line(number, raw, size)


def _decoded(raw: bytes, encoding: Encoding) -> str:
    """As UTF-8, else as Latin-1: accented Portuguese in Latin-1 is hardly ever valid UTF-8."""
    if encoding == "latin-1":
        return raw.decode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            raise BadLine("it is not UTF-8") from error
        return raw.decode("latin-1")
