"""What the routes of every service are given: the running house behind the application."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from esteio.base.clock import Clock
from esteio.db.database import Database
from esteio.http.answers import Envelope
from esteio.http.cursors import Cursors
from esteio.http.freshness import Freshness
from esteio.http.idempotency import IdempotencyRecords
from esteio.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One per process. `settings` holds each service's own, by its name; `parts` what higher floors add by name."""

    resources: Resources
    envelope: Envelope
    cursors: Cursors
    idempotency: IdempotencyRecords
    freshness: Freshness
    settings: Mapping[str, Any]
    parts: Mapping[str, Any]

    @property
    def database(self) -> Database:
        return self.resources.database

    @property
    def clock(self) -> Clock:
        return self.resources.clock


def house_of(request: Request) -> House:
    """The house that serves the request."""
    house: House = request.app.state.house
    return house
