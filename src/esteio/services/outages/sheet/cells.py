"""What the cells of ANEEL's files mean."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from esteio.services.outages.sheet.lines import BadLine

_WHOLE = re.compile(r"(\d{1,9}|\d{1,3}(?:\.\d{3}){1,2})(?:,0+)?", re.ASCII)
_POINT = re.compile(r"(\d{1,9})\.0{1,2}", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})(.*)", re.ASCII)
_STATES = frozenset({*range(11, 18), *range(21, 30), *range(31, 34), 35, *range(41, 44), *range(50, 54)})
"""The numbers of the federation's units, with which a município's code begins."""


def whole(cell: str, column: str) -> int:
    """A whole number: `1500`, `1.500`, `1500,00` or `1500.0`. Raises `BadLine`."""
    text = cell.strip()
    found = _WHOLE.fullmatch(text) or _POINT.fullmatch(text)
    if found is None:
        raise BadLine(f"{column} is not a whole number" if text else f"{column} is empty")
    return int(found[1].replace(".", ""))


def municipio(cell: str, column: str) -> int:
    """A code of IBGE with seven digits. Raises `BadLine`."""
    text = cell.strip()
    if len(text) != 7 or not text.isdecimal() or not text.isascii() or int(text[:2]) not in _STATES:
        raise BadLine(f"{column} is not an IBGE code of seven digits" if text else f"{column} is empty")
    return int(text)


def moment(cell: str, column: str, zone: ZoneInfo) -> datetime:
    """A moment, local to the zone unless it has an offset, to the second. Raises `BadLine`."""
    text = cell.strip()
    if found := _DAY_FIRST.fullmatch(text):
        text = f"{found[3]}-{found[2]}-{found[1]}{found[4]}"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError) as error:
        raise BadLine(f"{column} is no time" if text else f"{column} is empty") from error
    if moment.year < 2000 or len(text) < 16:
        raise BadLine(f"{column} is no time")
    return moment


@lru_cache(256)
def plain(cell: str) -> str:
    """Without blanks at its ends, accents and capitals."""
    text = cell.strip().casefold()
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@lru_cache(256)
def taxpayer(cell: str) -> str:
    """A CNPJ with the zeros in front that spreadsheets lose; signs between its digits do not count."""
    return "".join(sign for sign in cell if sign.isdecimal()).zfill(14)
