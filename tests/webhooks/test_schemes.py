"""Senders who sign in their own ways."""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from esteio.base.errors import StartRefused
from esteio.jobs.kinds import JobKind
from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.incoming import Incoming, sources_of
from esteio.webhooks.kinds import Received
from esteio.webhooks.schemes import Arrival, GenericHmac, known_id

NOW = 1_700_000_000.0
SECRET = "a secret of theirs"
HUB = GenericHmac(header="X-Hub-Signature-256", prefix="sha256=", id_header="X-GitHub-Delivery")
TIMED = GenericHmac(
    header="X-Signature",
    encoding="base64",
    algorithm="sha512",
    timestamp_header="X-Timestamp",
    id_header="X-Id",
    template="{id}:{timestamp}:{body}",
)


def timed(body: bytes, *, message: str = "a1", at: int = int(NOW), secret: str = SECRET) -> dict[str, str]:
    content = f"{message}:{at}:".encode() + body
    signature = base64.b64encode(hmac.digest(secret.encode(), content, "sha512")).decode()
    return {"x-signature": signature, "x-timestamp": str(at), "x-id": message}


@given(st.binary(max_size=300))
def test_a_signed_body(body: bytes) -> None:
    """Any bytes that carry the right signature are taken, under any of the secrets, with the sender's own id."""
    signature = "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex()
    headers = {"x-hub-signature-256": signature, "x-github-delivery": "d1"}
    assert HUB.verify(Arrival(headers, {}, body), ["another", SECRET], NOW) == "d1"
    assert TIMED.verify(Arrival(timed(body), {}, body), [SECRET], NOW) == "a1"


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=10))
def test_an_altered_body(body: bytes, more: bytes) -> None:
    """No other bytes are taken with that signature."""
    with pytest.raises(InvalidSignature):
        TIMED.verify(Arrival(timed(body), {}, body + more), [SECRET], NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"x-id": "a2"},
        {"x-timestamp": str(int(NOW) + 1)},
        {"x-timestamp": ""},
        {"x-signature": ""},
        {"x-signature": "\u00e9" * 88},
        {"x-signature": "{timestamp}"},
        {"x-id": ""},
        {"x-id": "x" * 256},
        {"x-id": "\u00e9"},
    ],
)
def test_altered_headers(change: dict[str, str]) -> None:
    """What belongs to the proof cannot be exchanged, left out or filled with rubbish."""
    with pytest.raises(InvalidSignature):
        TIMED.verify(Arrival({**timed(b"{}"), **change}, {}, b"{}"), [SECRET], NOW)


@pytest.mark.parametrize("at", [int(NOW) - 301, int(NOW) + 301])
def test_an_old_message(at: int) -> None:
    """A message that is rightly signed but not of these minutes is refused."""
    with pytest.raises(InvalidSignature):
        TIMED.verify(Arrival(timed(b"{}", at=at), {}, b"{}"), [SECRET], NOW)


def test_without_secrets_nothing_holds() -> None:
    """An empty list of secrets, or an empty secret's signature, opens nothing."""
    with pytest.raises(InvalidSignature):
        TIMED.verify(Arrival(timed(b"{}", secret=""), {}, b"{}"), [], NOW)


def test_a_body_is_its_own_id_where_there_is_none() -> None:
    """Without a header for it, equal bodies are one message and others are not."""
    scheme = GenericHmac(header="X-Signature")
    ids = {scheme.verify(Arrival(_signed(body), {}, body), [SECRET], NOW) for body in (b"one", b"one", b"two")}
    assert len(ids) == 2


def _signed(body: bytes) -> dict[str, str]:
    return {"x-signature": hmac.digest(SECRET.encode(), body, "sha256").hex()}


@pytest.mark.parametrize(
    "wrong",
    [
        {"template": "{timestamp}"},
        {"template": "{timestamp}.{body}"},
        {"timestamp_header": "X-Time"},
        {"template": "{id}.{body}"},
    ],
)
def test_a_scheme_that_proves_less_than_it_says(wrong: dict[str, str]) -> None:
    """A timestamp that is not signed, or an id that is nowhere, is refused when it is declared."""
    with pytest.raises(ValueError, match=r"signed|signs"):
        GenericHmac(header="X-Signature", **wrong)  # type: ignore[arg-type]


def test_ids_are_bounded() -> None:
    """An id of the greatest length is an id."""
    assert known_id("x" * 255)


@dataclass(frozen=True, slots=True)
class ByAddress:
    """A sender who signs a parameter of the address."""

    tolerance: float = 0.0

    @property
    def headers(self) -> tuple[str, ...]:
        return ("x-signature",)

    def verify(self, arrival: Arrival, secrets: Sequence[str], now: float) -> str:
        subject = arrival.query.get("subject", "")
        if not any(arrival.headers.get("x-signature") == f"{subject}:{secret}" for secret in secrets):
            raise InvalidSignature
        return known_id(subject)


class BySettings(BaseModel):
    secret: SecretStr = SecretStr("one, two")
    window: float = 12.5


HEARD = JobKind(name="senders.heard", payload=Received)


def declared(**members: str) -> Incoming:
    return Incoming(**{"source": "it", "scheme": ByAddress(), "setting": "secret", "job": HEARD, **members})  # type: ignore[arg-type]


def test_settings_say_how_old_a_message_may_be() -> None:
    """Where a declaration names a setting the scheme is given its value; else it keeps its own."""
    settings = {"service": BySettings()}
    tuned = sources_of([("service", [declared(tolerance="window")])], settings)["it"]
    assert isinstance(tuned.incoming.scheme, ByAddress) and tuned.incoming.scheme.tolerance == 12.5
    assert tuned.secrets == ("one", "two")
    plain = sources_of([("service", [declared()])], settings)["it"]
    assert plain.incoming.scheme == ByAddress()


@pytest.mark.parametrize("members", [{"tolerance": "widnow"}, {"setting": "secert"}])
def test_settings_that_are_not_there(members: dict[str, str]) -> None:
    """A declaration that names no setting of its service does not start."""
    with pytest.raises(StartRefused, match="no setting"):
        sources_of([("service", [declared(**members)])], {"service": BySettings()})
