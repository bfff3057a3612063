"""What the shop says to those who send it something. It stores nothing, and says that it did."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Any

from esteio.standins.fakestore.shelf import Row
from esteio.standins.wire import HTML, TEXT, Answer, Request, written

MEMBERS = {
    "products": ("title", "price", "description", "image", "category"),
    "carts": ("userId", "date", "products"),
    "users": ("email", "username", "password", "name", "address", "phone"),
}
CREATED = {"products": 21, "carts": 11}
"""The number of whatever is created; users are counted."""

KEY = b"a stand-in signs for nobody"
LEADING_DIGITS = re.compile(r"\s*([+-]?\d+)")


def echoed(kind: str, request: Request, number: str | None, new: int) -> Answer | None:
    """The members that the shop knows, with an id: of what is changed, of what is new, or none if it is not a number.

    None where the real one never answers: a new user without coordinates.
    """
    try:
        body = request.json()
    except ValueError:
        return page(400, "SyntaxError: Unexpected token in JSON")
    body = body if isinstance(body, dict) else {}
    if kind == "users" and number is None and not _has_coordinates(body):
        return None
    known = {name: body[name] for name in MEMBERS[kind] if name in body}
    if number is None:
        return written({"id": new, **known}, 201)
    digits = LEADING_DIGITS.match(number)
    return written({"id": int(digits[1]) if digits else None, **known})


def logged_in(request: Request, users: Iterable[Row]) -> Answer | None:
    """A token, or 401 in plain words. None, so no answer ever, without a name or a password."""
    try:
        body = request.json()
    except ValueError:
        return page(400, "SyntaxError: Unexpected token in JSON")
    if not isinstance(body, dict) or not body.get("username") or not body.get("password"):
        return None
    for user in users:
        if (user["username"], user["password"]) == (body["username"], body["password"]):
            return written({"token": _token(user)})
    return Answer(401, b"username or password is incorrect", TEXT)


def page(status: int, words: str) -> Answer:
    """An HTML page in the manner of Express."""
    body = f'<!DOCTYPE html>\n<html lang="en">\n<body>\n<pre>{words}</pre>\n</body>\n</html>\n'
    return Answer(status, body.encode(), HTML)


def _has_coordinates(body: dict[str, Any]) -> bool:
    address = body.get("address")
    return isinstance(address, dict) and isinstance(address.get("geolocation"), dict)


def _token(user: Row) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": user["id"], "user": user["username"]}]
    signed = b".".join(_letters(json.dumps(part).encode()) for part in parts)
    return (signed + b"." + _letters(hmac.digest(KEY, signed, hashlib.sha256))).decode()


def _letters(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
