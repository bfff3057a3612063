"""Signatures against the standard's own vector and its public library."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.schemes import Arrival, StandardWebhooks
from esteio.webhooks.signing import (
    SigningSecret,
    is_fresh,
    is_signed,
    shared_secret,
    signed_content,
    signed_headers,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

messages = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
bodies = st.text(max_size=500).map(lambda text: text.encode("utf-8", "ignore"))
secrets = st.binary(min_size=24, max_size=64).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())


def test_the_vector_of_the_standard() -> None:
    """Our signature of the published example is the published one."""
    headers = signed_headers(MESSAGE, TIMESTAMP, BODY, [shared_secret(SECRET)])
    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
    }


@given(secrets, messages, bodies)
def test_the_library_accepts_ours(secret: str, message: str, body: bytes) -> None:
    """What we sign now is verified by the public library, whatever it is."""
    headers = signed_headers(message, int(datetime.now(UTC).timestamp()), body, [shared_secret(secret)])
    Webhook(secret).verify(body, headers, json_parse=False)


@given(secrets, messages, bodies)
def test_ours_accepts_the_librarys(secret: str, message: str, body: bytes) -> None:
    """What the public library signs is verified by us, to the second of its time."""
    now = datetime.now(UTC)
    signature = Webhook(secret).sign(message, now, body.decode())
    headers = {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {signature}",
    }
    assert (
        StandardWebhooks().verify(Arrival(headers, {}, body), ["whsec_" + "A" * 32, secret], now.timestamp()) == message
    )


@given(secrets, messages, bodies, st.sampled_from(["body", "id", "timestamp", "secret"]))
def test_nothing_altered_is_accepted(secret: str, message: str, body: bytes, altered: str) -> None:
    """A change of body, id, time or secret is refused by us as it is by the library."""
    headers = signed_headers(message, TIMESTAMP, body, [shared_secret(secret)])
    if altered == "body":
        body += b"x"
    elif altered == "id":
        headers["webhook-id"] += "x"
    elif altered == "timestamp":
        headers["webhook-timestamp"] = str(TIMESTAMP + 1)
    else:
        secret = SigningSecret.new("v1").shown
    with pytest.raises(InvalidSignature):
        StandardWebhooks().verify(Arrival(headers, {}, body), [secret], TIMESTAMP)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers, json_parse=False)


def test_during_a_rotation_both_secrets_hold() -> None:
    """Several signatures go together; each receiver finds the one of the secret that it has."""
    old, new = SigningSecret.new("v1"), SigningSecret.new("v1")
    headers = signed_headers(MESSAGE, int(datetime.now(UTC).timestamp()), BODY, [new, old])
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret.shown).verify(BODY, headers)


def test_ed25519() -> None:
    """`v1a` is verified with the public key alone, and by no other."""
    secret, other = SigningSecret.new("v1a"), SigningSecret.new("v1a")
    headers = signed_headers(MESSAGE, TIMESTAMP, BODY, [secret])
    assert secret.shown.startswith("whpk_") and headers["webhook-signature"].startswith("v1a,")
    assert StandardWebhooks().verify(Arrival(headers, {}, BODY), [secret.shown], TIMESTAMP) == MESSAGE
    content = signed_content(MESSAGE, str(TIMESTAMP), BODY)
    assert not is_signed(headers["webhook-signature"], content, [other.shown])
    assert not is_signed(headers["webhook-signature"], content + b"x", [secret.shown])
    assert not is_signed(headers["webhook-signature"].replace("v1a", "v1"), content, [secret.shown])


def test_a_public_key_is_no_shared_secret() -> None:
    """Nobody signs `v1` with the bytes of a public key that everybody knows."""
    public = SigningSecret.new("v1a").shown
    forged = shared_secret("whsec_" + public.removeprefix("whpk_")).sign(signed_content(MESSAGE, "1", BODY))
    assert not is_signed(forged, signed_content(MESSAGE, "1", BODY), [public])


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_fresh(offset: int) -> None:
    """Five minutes to either side are near enough."""
    assert is_fresh(str(TIMESTAMP + offset), TIMESTAMP)


@pytest.mark.parametrize(
    "text", [str(TIMESTAMP - 301), str(TIMESTAMP + 301), "", "now", "-1", "1e9", "\u0661", "9" * 40]
)
def test_stale(text: str) -> None:
    """What is older, newer or no time at all is refused."""
    assert not is_fresh(text, TIMESTAMP)


@pytest.mark.parametrize(
    "text", ["", "v1", "v1,", ",", "v2,AAAA", "v1,\u00e9\u00e9", "v1,!!!!", " " * 5000, "v1,AA== " * 5000]
)
def test_no_signature(text: str) -> None:
    """Rubbish in the place of signatures is refused and nothing worse, also when it is not ASCII."""
    assert not is_signed(text, b"content", [SECRET])
