"""The universe: how many consumer units each conjunto serves in each município; as it is read, and as files say it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Select, select

from esteio.base.errors import FieldError, Invalid, MalformedJson
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.outages.bodies import PairBody
from esteio.services.outages.models import UniverseEntry
from esteio.services.outages.roraima import MUNICIPIOS
from esteio.services.outages.schemas import MOST_PAIRS, Served

COLUMNS = ("conjunto", "municipio", "served")
_MOST_SHOWN = 20
_PAIRS = TypeAdapter(list[PairBody])


async def whole_universe(database: Database, tenant: UUID) -> list[dict[str, Any]]:
    """All pairs in the order of conjunto and município, with the município's name where it is known."""
    return [{**row, "name": MUNICIPIOS.get(row["municipio"])} for row in await database.read(tenant, _whole())]


def tag(rows: Iterable[tuple[int, int, int]]) -> str:
    """What tells a universe from another: the same pairs with the same numbers have the same."""
    return blake2b(orjson.dumps(sorted(rows)), digest_size=12).hexdigest()


def pairs() -> Select[int, int, int]:
    """Conjunto, município and number of every pair."""
    return select(UniverseEntry.conjunto, UniverseEntry.municipio, UniverseEntry.served)


def from_json(body: bytes) -> list[Served]:
    """An array of objects. Raises `MalformedJson`, `Invalid`."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from error
    if isinstance(said, list) and len(said) > MOST_PAIRS:
        raise _too_many()
    try:
        found = _PAIRS.validate_python(said)
    except ValidationError as error:
        raise Invalid(errors=list(_flaws(error))[:_MOST_SHOWN]) from error
    return _distinct([Served(pair.conjunto, pair.municipio, pair.served) for pair in found])


def from_csv(body: bytes) -> list[Served]:
    """A header `conjunto;municipio;served`, or with commas, then a row for each pair, in UTF-8. Raises `Invalid`."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(None, "The file is not UTF-8.") from error
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        rows = list(_rows(reader))
    except csv.Error as error:
        raise _wrong(None, f"Line {reader.line_num} cannot be read as CSV.") from error
    return _distinct(rows)


def _rows(reader: Iterator[list[str]]) -> Iterator[Served]:
    header = [name.strip() for name in next(reader, [])]
    if sorted(header) != sorted(COLUMNS):
        raise _wrong(None, f"The first line names the columns {', '.join(COLUMNS)}.")
    order = [header.index(name) for name in COLUMNS]
    for number, cells in enumerate(reader, 2):
        if not cells:
            continue
        if number > MOST_PAIRS + 1:
            raise _too_many()
        yield _row(number, header, order, cells)


def _row(number: int, header: Sequence[str], order: Sequence[int], cells: Sequence[str]) -> Served:
    if len(cells) != len(header):
        raise _wrong(None, f"Line {number} has {len(cells)} cells, the header {len(header)}.")
    said = {name: int(cells[place]) for name, place in zip(COLUMNS, order, strict=True) if _is_whole(cells[place])}
    try:
        pair = PairBody.model_validate(said)
    except ValidationError as error:
        member = str(error.errors()[0]["loc"][0])
        raise _wrong(member, f"Line {number}: {member} is a whole number within its bounds.") from error
    return Served(pair.conjunto, pair.municipio, pair.served)


def _is_whole(cell: str) -> bool:
    text = cell.strip()
    return text.isascii() and text.isdigit() and len(text) <= 12


def _distinct(found: list[Served]) -> list[Served]:
    seen: set[tuple[int, int]] = set()
    for number, entry in enumerate(found, 1):
        pair = (entry.conjunto, entry.municipio)
        if pair in seen:
            raise _wrong(None, f"Pair {number}, {pair[0]} in {pair[1]}, stands there twice.")
        seen.add(pair)
    return found


def _flaws(error: ValidationError) -> Iterator[FieldError]:
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        path = [str(part) for part in item["loc"]]
        message = str(item["msg"]).removeprefix("Value error, ")
        yield FieldError(Invalid.code, message, ".".join(path) or "body", "#/" + "/".join(path))


def _wrong(member: str | None, words: str) -> Invalid:
    return Invalid(words, errors=[FieldError(Invalid.code, words, member or "body", "#")])


def _too_many() -> Invalid:
    return _wrong(None, f"A universe has {MOST_PAIRS} pairs at most.")


@lru_cache
def _whole() -> Reading:
    order = (UniverseEntry.conjunto, UniverseEntry.municipio)
    return reading(pairs().add_columns(UniverseEntry.updated_at).order_by(*order))
