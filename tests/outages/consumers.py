"""Consumers who do not exist, with numbers that could, and the demands they make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import httpx

from tests.house import Served

BASE = "/api/v2/outages/demands"
COUNTS, DEMAND = "/quantitativodemandasdiversas", "/dadosdemanda"
MARIA = {"uc": "0012345678", "cpf_cnpj": "12345678909", "name": "Maria Inventada de Souza"}
BAKERY = {"uc": "0099887766", "cpf_cnpj": "11222333000181", "name": "Padaria Inexistente Ltda"}
OPEN, CLOSED, OTHER = 0, 1, 2
UNFOUNDED, WELL_FOUNDED, LOOKED_INTO, ELSE = range(4)

_numbers = count(1)


def demand(**changes: Any) -> dict[str, Any]:
    """A demand in progress, as it is reported."""
    return {
        "level": 1,
        "channel": 2,
        "typology": "1020604",
        "status": OPEN,
        "merit": LOOKED_INTO,
        "treatment": 0,
        "municipio": 1400100,
        "opened_at": "2026-11-20T15:00:00Z",
        "consumer": MARIA,
        **changes,
    }


def closed(at: datetime, merit: int = WELL_FOUNDED, **changes: Any) -> dict[str, Any]:
    """A demand that has an end."""
    return demand(**{"status": CLOSED, "merit": merit, "closed_at": at.isoformat(), **changes})


def new_protocol() -> str:
    return f"2026{next(_numbers):08d}"


def put(client: httpx.Client, protocol: str | None = None, /, **changes: Any) -> str:
    """Report a demand; its protocol."""
    return send(client, protocol or new_protocol(), demand(**changes))


def send(client: httpx.Client, protocol: str, body: Mapping[str, Any]) -> str:
    answer = client.put(f"{BASE}/{protocol}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return protocol


def ask(client: httpx.Client, protocol: str | None = None) -> httpx.Response:
    """The regulator's question for a demand."""
    return client.get(DEMAND, params={} if protocol is None else {"numProtocolo": protocol})


@dataclass(frozen=True)
class Callers:
    """A caller for each permission, and one tenant's more."""

    poll: httpx.Client
    personal: httpx.Client
    source: httpx.Client


def callers(served: Served) -> Callers:
    keys = [served.key(f"outages:{name}") for name in ("poll", "personal", "demands")]
    return Callers(*(served.with_key(key) for key in keys))
