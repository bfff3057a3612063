"""Opaque, signed cursors: a place in one query's order, which cannot be altered or carried to another query."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from esteio.base.crypto import Keyring
from esteio.base.errors import InvalidCursor
from esteio.base.page import Place

_PURPOSE = "cursor"
MAX_LENGTH = 2048
"""Characters; enough for a place and two filters of a hundred letters in any script."""


class Cursors:
    """Writes and reads cursors. One is bound to its resource and tenant, and carries its sort and filters."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def write(self, place: Place, resource: str, tenant: UUID) -> str:
        """The cursor of a place."""
        forward = 1 if place.direction == "next" else 0
        content = orjson.dumps([forward, place.values, place.query], default=str)
        return self._keyring.sign(_PURPOSE, content, _bound(resource, tenant))

    def read(self, cursor: str, resource: str, tenant: UUID, asked: Mapping[str, Any]) -> Place:
        """The place of a cursor, with the sort and filters it carries.

        Raises `InvalidCursor` unless it was written here for this resource and tenant, and for the very sort and
        filters that the request names again (it need not name any).
        """
        if len(cursor) > MAX_LENGTH:
            raise InvalidCursor
        try:
            forward, values, query = orjson.loads(self._keyring.verified(_PURPOSE, cursor, _bound(resource, tenant)))
        except ValueError as error:
            raise InvalidCursor from error
        again = orjson.loads(orjson.dumps(asked, default=str))
        if any(query.get(name) != value for name, value in again.items()):
            raise InvalidCursor
        return Place(tuple(values), "next" if forward else "prev", query)


def _bound(resource: str, tenant: UUID) -> bytes:
    return f"{resource}/{tenant}".encode()
