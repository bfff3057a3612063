"""`GET /v1/payments/search`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from esteio.standins.mercadopago.moments import bound, moment
from esteio.standins.mercadopago.refusals import Refused

Row = dict[str, Any]
LIMIT, MOST = 30, 100
DATES = {"date_created", "date_last_updated", "date_approved", "money_release_date"}
SORTED = DATES | {"id", "external_reference", "status"}
FILTERS = ("external_reference", "status", "payment_method_id", "payment_type_id", "currency_id")


def search(rows: list[Row], query: Mapping[str, str], now: datetime) -> Row:
    """A page of the payments that were asked for. Raises `Refused`."""
    found = [row for row in rows if all(row[name] == query[name] for name in FILTERS if name in query)]
    return paged(_ordered(_between(found, query, now), query), query)


def paged(found: list[Row], query: Mapping[str, str], shape: str = "results") -> Row:
    limit, offset = _number(query, "limit", LIMIT, MOST), _number(query, "offset", 0, 10_000)
    part = found[offset : offset + limit]
    return {"paging": {"total": len(found), "limit": limit, "offset": offset}, shape: part}


def _between(rows: list[Row], query: Mapping[str, str], now: datetime) -> list[Row]:
    name = query.get("range", "date_created" if {"begin_date", "end_date"} & set(query) else "")
    if not name:
        return rows
    if name not in DATES:
        raise Refused("range invalid")
    try:
        first = bound(query["begin_date"], now) if "begin_date" in query else None
        last = bound(query["end_date"], now) if "end_date" in query else None
    except (ValueError, OverflowError) as error:
        raise Refused("begin_date and end_date are dates in ISO 8601") from error
    return [row for row in rows if row[name] and _within(moment(row[name]), first, last)]


def _within(when: datetime, first: datetime | None, last: datetime | None) -> bool:
    return not (first and when < first) and not (last and when > last)


def _ordered(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    name, criteria = query.get("sort", "date_created"), query.get("criteria", "asc")
    if name not in SORTED or criteria not in ("asc", "desc"):
        raise Refused("sort or criteria invalid")
    return sorted(rows, key=lambda row: (str(row[name] or ""), row["id"]), reverse=criteria == "desc")


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    told = query.get(name, str(default))
    if not (told.isascii() and told.isdecimal()) or len(told) > 9 or int(told) > most:
        raise Refused(f"{name} invalid. It must be a number up to {most}")
    return int(told)
