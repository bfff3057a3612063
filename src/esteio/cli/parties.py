"""The parties outside that `esteio up` plays: those that the operator named nowhere."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from dotenv import dotenv_values

from esteio.embedded.stand_ins import Place, StandIn

TOKEN_BYTES = 32
SENDER = "esteio@example.org"
OURS = "ESTEIO_"
AUDIENCE = "esteio"
CONSOLE_CLIENT = "esteio-console"


def given() -> frozenset[str]:
    """The names of all variables that the settings would find in the environment or in `.env`.

    Of ours the letters are upper case, since the settings take either there; the short names they take only as written.
    """
    found = {**dotenv_values(".env"), **os.environ}
    return frozenset(name.upper() if name.startswith(OURS) else name for name, value in found.items() if value)


@dataclass(frozen=True)
class Party:
    """own: variables any of which says that the operator has one. needs: a module without which it is not played."""

    name: str
    command: str
    own: tuple[str, ...]
    made: Callable[[Collection[str]], Callable[[Place], Mapping[str, str]]]
    options: Callable[[Place], tuple[str, ...]] = lambda _: ()
    scheme: str = "http"
    keeps: str = ""
    needs: str = ""

    def stand_in(self, named: Collection[str]) -> StandIn:
        """What plays it; secrets are made here, so that they last for the run."""

        def command(place: Place) -> tuple[str, ...]:
            ports = ("--port", str(place.address.port), "--control-port", str(place.control.port))
            return (sys.executable, "-m", "esteio", "standin", self.command, *ports, *self.options(place))

        return StandIn(self.name, command, self.made(named), self.scheme, self.keeps)


def _shop(_: Collection[str]) -> Callable[[Place], Mapping[str, str]]:
    return lambda place: {"ESTEIO_STORE__UPSTREAM_URL": place.url}


def _market(_: Collection[str]) -> Callable[[Place], Mapping[str, str]]:
    token, secret = f"TEST-{secrets.token_urlsafe(TOKEN_BYTES)}", secrets.token_hex(TOKEN_BYTES)
    return lambda place: {
        "ESTEIO_PETSTORY__MERCADOPAGO_URL": place.url,
        "ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN": token,
        "ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": secret,
    }


def _mail(named: Collection[str]) -> Callable[[Place], Mapping[str, str]]:
    known = {"ESTEIO_MAIL__FROM_ADDRESS", "EMAIL_FROM"} & set(named)
    sender = {} if known else {"ESTEIO_MAIL__FROM_ADDRESS": SENDER}
    return lambda place: {
        "ESTEIO_MAIL__SERVER": place.address.host,
        "ESTEIO_MAIL__PORT": str(place.address.port),
        "ESTEIO_MAIL__TLS": "none",
        "ESTEIO_MAIL__USER": "",  # a login is for the operator's server, which has no name here
        "ESTEIO_MAIL__PASSWORD": "",
        **sender,
    }


def _issuer(_: Collection[str]) -> Callable[[Place], Mapping[str, str]]:
    def variables(place: Place) -> Mapping[str, str]:
        known = {
            "issuer": place.url,
            "audience": [AUDIENCE],
            "tenant": "default",
            "create_tenants": True,
            "role_map": {"admin": "admin", "member": "user"},
            "name": "Stand-in",
            "console_client_id": CONSOLE_CLIENT,
        }
        return {"ESTEIO_AUTH__ISSUERS": json.dumps([known])}

    return variables


PARTIES = (
    Party("FakeStore", "fakestore", ("ESTEIO_STORE__UPSTREAM_URL",), _shop),
    Party(
        "MercadoPago",
        "mercadopago",
        ("ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN", "MERCADOPAGO_ACCESS_TOKEN"),
        _market,
    ),
    Party(
        "SMTP",
        "smtp",
        ("ESTEIO_MAIL__SERVER", "SMTP_SERVER"),
        _mail,
        options=lambda place: ("--tls", "none", "--folder", str(place.folder)),
        scheme="smtp",
        keeps="mails",
        needs="aiosmtpd",
    ),
    Party("OIDC", "oidc", ("ESTEIO_AUTH__ISSUERS",), _issuer, options=lambda _: ("--audience", AUDIENCE)),
)


def stand_ins(note: Callable[[str], None] = lambda _: None) -> tuple[StandIn, ...]:
    """Those that are played; one that cannot be, because its module is missing, is noted."""
    named = given()
    found = []
    for party in PARTIES:
        if not named.isdisjoint(party.own):
            continue
        if party.needs and find_spec(party.needs) is None:
            note(f"no {party.name} is played, for {party.needs} is missing: pip install 'esteio[embedded]'.")
            continue
        found.append(party.stand_in(named))
    return tuple(found)
