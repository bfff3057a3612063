"""What FakeStoreAPI answers, with the oddities of the real one.

A path, a number or a body that makes the real server's code throw is never answered: only the log hears of it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from esteio.standins.fakestore.echoes import CREATED, echoed, logged_in, page
from esteio.standins.fakestore.shelf import Row, Shelf
from esteio.standins.wire import Answer, Request, written

NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\s*")
SILENCE = None
OURS = "/_standin/products/"


class FakeStore:
    """The shop's routes. Unknown numbers are answered with 200 and nothing, as the live one does."""

    faults: Mapping[str, str] = {"missing_404": "404 for a number that does not exist, instead of 200 and nothing"}

    def __init__(self) -> None:
        self.shelf = Shelf()

    def reset(self) -> None:
        self.shelf.reset()

    def answer(self, request: Request, fault: str) -> Answer | None:
        method = "GET" if request.method == "HEAD" else request.method
        found = self._asked(method, request)
        if found is not SILENCE and found.status == 200 and not found.body and fault == "missing_404":
            return written({"message": "Not Found"}, 404)
        return found

    def _asked(self, method: str, request: Request) -> Answer | None:
        match method, request.path.rstrip("/").split("/")[1:]:
            case "GET", ["products", "categories"]:
                return written(self.shelf.categories())
            case "GET", ["products", "category", name]:
                return written(_part([one for one in self._rows("products") if one.get("category") == name], request))
            case "GET", ["carts", "user", number]:
                return self._carts_of(number, request)
            case "GET", ["products" | "carts" | "users" as kind]:
                return written(_part(_between(self._rows(kind), request.query), request))
            case "GET", ["products" | "carts" | "users" as kind, number]:
                return self._one(kind, number, missing=Answer())
            case "DELETE", ["products" | "carts" | "users" as kind, number]:
                return self._one(kind, number, missing=Answer(body=b"null"))
            case "POST", ["products" | "carts" | "users" as kind]:
                return echoed(kind, request, None, CREATED.get(kind, len(self.shelf.users) + 1))
            case "PUT" | "PATCH", ["products" | "carts" | "users" as kind, number]:
                return echoed(kind, request, number, 0)
            case "POST", ["auth", "login"]:
                return logged_in(request, self._rows("users"))
        return page(404, f"Cannot {request.method} {request.path}")

    def control(self, request: Request) -> Answer | None:
        """`DELETE /_standin/products/1` makes it vanish, PATCH changes it; PUT also adds one."""
        number = request.path.removeprefix(OURS)
        if not request.path.startswith(OURS) or not number.isdecimal():
            return None
        there = int(number) in self.shelf.products
        members = request.json()
        if request.method not in ("DELETE", "PATCH", "PUT") or (request.method != "PUT" and not there):
            return None
        if not isinstance(members, dict):
            raise ValueError("a product's members are an object")
        if request.method == "DELETE":
            self.shelf.remove(int(number))
            return Answer(204)
        self.shelf.change(int(number), members)
        return written(self.shelf.products[int(number)])

    def _rows(self, kind: str) -> list[Row]:
        rows: Mapping[int, Row] = getattr(self.shelf, kind)
        return [rows[number] for number in sorted(rows)]

    def _one(self, kind: str, number: str, missing: Answer) -> Answer | None:
        if not NUMBER.fullmatch(number):
            return SILENCE
        row = getattr(self.shelf, kind).get(float(number))
        return written(row) if row is not None else missing

    def _carts_of(self, number: str, request: Request) -> Answer | None:
        if not NUMBER.fullmatch(number):
            return SILENCE
        found = [one for one in self._rows("carts") if one["userId"] == float(number)]
        return written(_part(_between(found, request.query), request))


def _between(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    """Carts of these days; what is no cart has no date and stays."""
    first, last = query.get("startdate", ""), query.get("enddate", "~")
    return [row for row in rows if "date" not in row or first <= row["date"][:10] <= last]


def _part(rows: list[Row], request: Request) -> list[Any]:
    """Only the exact word `desc` turns the order; a limit that is no number, or 0, is none."""
    ordered = rows[::-1] if request.query.get("sort") == "desc" else rows
    limit = request.query.get("limit", "")
    most = abs(int(float(limit))) if NUMBER.fullmatch(limit) else 0
    return ordered[:most] if most else ordered
