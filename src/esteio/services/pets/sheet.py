"""CSV that is imported: what it has to look like, and what each of its rows says.

RFC 4180 with a header: columns separated by commas, lines by CRLF or LF, UTF-8 with or without a byte order mark. The
columns are members of a new pet in any order; `name` and `species` are needed. An empty cell says nothing; a line break
in a cell is LF. The apostrophe that an export puts before a formula is not taken off: nobody could tell it from one
that was meant.
"""

import csv
import io
import re
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pydantic import ValidationError

from esteio.base.errors import FieldError, Invalid
from esteio.services.pets.schemas import NewPet
from esteio.services.pets.tasks import RowProblem

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

COLUMNS = tuple(NewPet.model_fields)
NEEDED = tuple(name for name, field in NewPet.model_fields.items() if field.is_required())
LONGEST_HEADER = 4096
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the pet, or what is wrong with it."""

    number: int
    pet: NewPet | None
    problems: Sequence[RowProblem] = ()


class Intake:
    """Looks at a file as it arrives, so that one that cannot be read is refused at once. Raises `Invalid`."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("strict")
        self._head: bytearray | None = bytearray()
        self._line = 1

    def take(self, chunk: bytes, *, last: bool = False) -> None:
        """Look at some bytes more."""
        try:
            text = self._decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            line = self._line + bytes(error.object[: error.start]).count(b"\n")
            raise refused(f"Line {line} is not UTF-8.") from error
        if "\0" in text:
            raise refused(f"Line {self._line + text[: text.index(chr(0))].count(chr(10))} has a NUL character.")
        self._line += text.count("\n")
        if self._head is not None:
            self._look_at_head(chunk, last)

    def _look_at_head(self, chunk: bytes, last: bool) -> None:
        assert self._head is not None
        self._head += chunk[: LONGEST_HEADER + 1]
        line, end, _ = bytes(self._head).removeprefix(BOM_UTF8).partition(b"\n")
        if not end and not last and len(self._head) <= LONGEST_HEADER:
            return
        if len(line) > LONGEST_HEADER:
            raise refused("The first line is too long to be a header.")
        header_of(line.decode("utf-8", "replace"))
        self._head = None


def header_of(line: str) -> list[str]:
    """The columns that a header names, in its order. Raises `Invalid`."""
    try:
        names = [name.strip() for name in next(csv.reader([line.rstrip("\r\n")], strict=True), [])]
    except csv.Error as error:
        raise refused("The header cannot be read as CSV.") from error
    if not any(names):
        raise refused(f"The first line names the columns: {', '.join(COLUMNS)}.")
    if len(names) == 1 and ";" in names[0]:
        raise refused("Columns are separated by commas, not by semicolons.")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        known = ", ".join(COLUMNS)
        raise refused(f"Column {names.index(unknown[0]) + 1} is not one of {known}.")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise refused(f"The column {twice[0]} stands there twice.")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise refused(f"The column {missing[0]} is missing.")
    return names


def count_rows(file: IO[bytes]) -> int:
    """How many rows the file has, its header not counted. Raises `Invalid` as `rows_of` does."""
    with _reading(file) as reader:
        next(reader, [])
        return sum(1 for cells in reader if cells)


def rows_of(file: IO[bytes]) -> Iterator[Row]:
    """The rows of a file from its beginning. Raises `Invalid` where it is no CSV any more; empty lines are no rows."""
    with _reading(file) as reader:
        names = header_of(",".join(next(reader, [])))
        for number, cells in enumerate(reader, 2):
            if cells:
                yield _row(number, names, cells)


@contextmanager
def _reading(file: IO[bytes]) -> Iterator["CsvReader"]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        yield reader
    except csv.Error as error:
        raise refused(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error
    finally:
        with suppress(ValueError):  # the file was closed before, where a run was cut off
            text.detach()


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(names):
        words = f"The row has {len(cells)} cells, the header {len(names)}."
        return Row(number, None, [RowProblem(row=number, field=None, code="ROW_LENGTH", message=words)])
    try:
        return Row(number, NewPet.model_validate(_members(names, cells)))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return Row(number, None, [_problem(number, item) for item in found])


def _members(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    pairs = zip(names, cells, strict=True)
    said: dict[str, Any] = {name: cell.replace("\r\n", "\n") for name, cell in pairs if cell.strip()}
    weight = said.get("weight_kg", "").strip()
    if _NUMBER.fullmatch(weight):
        said["weight_kg"] = float(weight)
    if "birth_date" in said:
        said["birth_date"] = said["birth_date"].strip()
    return said


def _problem(number: int, item: Any) -> RowProblem:
    message = str(item["msg"]).removeprefix("Value error, ")[:200]
    field = str(item["loc"][0]) if item["loc"] else None
    return RowProblem(row=number, field=field, code="VALIDATION_ERROR", message=message[:1].upper() + message[1:])


def refused(words: str) -> Invalid:
    """The refusal of a whole file."""
    return Invalid(words, errors=[FieldError(Invalid.code, words, "body", "#")])
