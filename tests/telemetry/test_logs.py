"""Log lines: structured, in the context of their request, without secrets, impossible to forge."""

import logging
from collections.abc import Callable, Iterator

import httpx
import orjson
import pytest

from esteio.telemetry.logs import configure, log
from esteio.telemetry.masking import MASK, mask, mask_text
from esteio.telemetry.settings import TelemetrySettings


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What a process that logs JSON has written; logging is as it was afterwards."""
    before, level = list(logging.getLogger().handlers), logging.getLogger().level
    configure(TelemetrySettings(log_format="json", log_level="debug"))
    yield lambda: capsys.readouterr().err
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)


def test_a_line_is_one_json_object_whatever_it_says(written: Callable[[], str]) -> None:
    """Line breaks and control characters of a value cannot begin a line of their own."""
    log("esteio.test").info("said", words='first\r\n{"event":"forged"}\x00\u2028', number=1)
    logging.getLogger("library").warning("also %s", "this\none")
    lines = written().split("\n")
    events = [orjson.loads(line) for line in lines if line]
    assert [event["event"] for event in events] == ["said", "also this\none"]
    assert events[0]["level"] == "info"
    assert events[0]["timestamp"].endswith("Z")


def test_secrets_are_masked_by_name_and_by_shape(written: Callable[[], str]) -> None:
    """Neither a field with a secret's name nor a text with a secret's shape shows it, exceptions included."""
    key = "est_live_" + "a" * 36
    try:
        raise RuntimeError(f"could not use {key}")
    except RuntimeError:
        log("esteio.test").exception("failed", password="hunter2", nested={"api_key": "k", "list": [key]})
    line = written()
    assert key not in line
    assert "hunter2" not in line
    event = orjson.loads(line.splitlines()[0])
    assert event["password"] == event["nested"]["api_key"] == MASK


@pytest.mark.parametrize(
    "secret",
    [
        "est_test_" + "Z" * 36,
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----",
    ],
)
def test_every_known_shape_is_masked(secret: str) -> None:
    """Keys, tokens, hashes and private keys are recognised wherever they stand."""
    assert secret not in mask_text(f"before {secret} after")
    assert mask({"value": [secret]}) == {"value": [MASK]}


def test_a_password_within_an_address_is_masked() -> None:
    """The address stays readable, its password does not."""
    assert mask_text("postgresql://esteio:s3cret@db/esteio") == f"postgresql://{MASK}@db/esteio"


def test_no_address_that_is_called_is_written(written: Callable[[], str]) -> None:
    """The HTTP client itself logs nothing: addresses of webhooks and their queries may be secrets."""
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.get("https://example.org/hook?token=s3cret")
    assert "s3cret" not in written()
