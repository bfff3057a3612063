"""The signature of notifications: the vectors that are known, the sender's own validator, and rubbish."""

import hmac
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mercadopago.webhook import InvalidWebhookSignatureError, WebhookSignatureValidator

from esteio.services.petstory.payments.signatures import MercadoPagoSignature, Notice, seconds
from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.schemes import Arrival

SECRET = "test-secret-0123456789"
NOW = 1_742_505_638.0
REQUEST = "bb56a2f1-6aae-46ac-982e-9dcd3581d08e"
SCHEME = MercadoPagoSignature()
BODY = b'{"action":"payment.updated","type":"payment","data":{"id":"1"}}'


def arrival(
    signature: str | None, request: str | None = None, resource: str | None = None, body: bytes = BODY
) -> Arrival:
    headers = {"x-signature": signature, "x-request-id": request}
    query = {"data.id": resource, "type": "payment"}
    return Arrival(
        {name: value for name, value in headers.items() if value is not None},
        {name: value for name, value in query.items() if value is not None},
        body,
    )


def signed(manifest: str, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), manifest.encode(), "sha256").hex()


def holds(arrived: Arrival, secrets: tuple[str, ...] = (SECRET,), scheme: MercadoPagoSignature = SCHEME) -> bool:
    try:
        scheme.verify(arrived, secrets, NOW)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("resource", "request_id", "timestamp", "digest"),
    [
        ("999999999", REQUEST, "1742505638683", "e938388473aa8b9842848aaa9aa29f6f18729b7a90ea144ec0b1283ca7bef40a"),
        ("999999999", None, "1704908010", "2bce0c1b6a053ccc0498f512db7189cb887e7f6dc4f597a1531657337ace2353"),
        ("ORDTST01ABC", "r-1", "1704908010", "e3567cd050f939139bbf5c612ba581b789c2f3e8d220be85e8dc34024908c707"),
        ("ORDTST01ABC", "r-1", "1704908010", "4f4939915ac9523eb89edaba437cc63ea48a78dd32113ae2a90b69f0f013ef0e"),
    ],
    ids=["milliseconds", "seconds, no request", "letters as they are", "letters in lower case"],
)
def test_vectors(resource: str, request_id: str | None, timestamp: str, digest: str) -> None:
    """What is known to be signed rightly holds, in either case of its hexadecimals and of the resource's letters."""
    for text in (digest, digest.upper()):
        assert holds(arrival(f"ts={timestamp},v1={text}", request_id, resource))
    assert not holds(arrival(f"ts={timestamp},v1={digest}", request_id, resource + "1"))
    assert not holds(arrival(f"ts={timestamp}0,v1={digest}", request_id, resource))


def test_several_secrets() -> None:
    """While one is rotated both are good; none, or an empty one, opens nothing."""
    arrived = arrival(f"ts=1,v1={signed('id:7;ts:1;')}", None, "7")
    assert holds(arrived, ("another", SECRET)) and not holds(arrived, ("another",)) and not holds(arrived, ())
    empty = arrival(f"ts=1,v1={signed('id:7;ts:1;', '')}", None, "7")
    assert not holds(empty, ("",))


GOOD = signed("id:7;request-id:r;ts:1704908010;")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        " ",
        ",",
        "=",
        "ts=1704908010",
        f"v1={GOOD}",
        f"ts=,v1={GOOD}",
        "ts=1704908010,v1=",
        f"ts=1704908010,v1={GOOD[:-1]}",
        f"ts=1704908010,v1={GOOD}00",
        f"ts=1704908010,v1={GOOD[:-2]}é{GOOD[-1]}",
        f"ts=1704908010,v1= {GOOD[:32]} {GOOD[32:]}",
        f"ts=\u0661704908010,v1={GOOD}",
        f"ts=+1704908010,v1={GOOD}",
        f"ts=1704908010.0,v1={GOOD}",
        f"ts=1704908010,ts=1704908010,v1={GOOD}",
        f"ts=1704908010,v1={GOOD},v1={GOOD}",
        f"ts=1704908010,v2={GOOD}",
        f"ts=1704908010;v1={GOOD}",
        "ts=" + "1" * 5000 + f",v1={GOOD}",
    ],
)
def test_malformed(signature: str | None) -> None:
    """What is missing, doubled, empty or not of its form is refused like any wrong signature, and nothing else."""
    assert holds(arrival(f"ts=1704908010,v1={GOOD}", "r", "7"))
    assert not holds(arrival(signature, "r", "7"))


@given(st.text(max_size=80), st.one_of(st.none(), st.text(max_size=40)), st.one_of(st.none(), st.text(max_size=40)))
def test_rubbish(signature: str, request: str | None, resource: str | None) -> None:
    """Whatever comes in, the answer is that it does not hold."""
    assert not holds(arrival(signature, request, resource))


@given(
    st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=20),
    st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=36),
    st.integers(0, 10**14),
    st.text(min_size=1, max_size=30).filter(lambda text: text.strip() == text and "," not in text),
    st.sampled_from(["right", "digest", "resource", "request", "ts", "secret", "spaces", "order", "none"]),
    st.sampled_from([(True, True), (True, False), (False, True), (False, False)]),
)
def test_it_agrees_with_the_senders_own(
    resource: str, request: str, timestamp: int, secret: str, wrong: str, present: tuple[bool, bool]
) -> None:
    """The validator that the sender publishes says the same, wherever it is right.

    It is not where a signature holds only for the resource in lower case, which is tried here too.
    """
    given_resource, given_request = resource if present[0] else None, request if present[1] else None
    manifest = "".join(
        f"{name}:{value};"
        for name, value in (("id", given_resource), ("request-id", given_request), ("ts", timestamp))
        if value is not None
    )
    digest = signed(manifest, secret)
    match wrong:
        case "digest":
            digest = digest[1:] + ("0" if digest[0] != "0" else "1")
        case "resource":
            given_resource = f"{resource}x"
        case "request":
            given_request = f"{request}x"
        case "ts":
            timestamp += 1
        case "secret":
            secret += "x"
    header = {
        "spaces": f" ts = {timestamp} , v1 = {digest} ",
        "order": f"v1={digest},other=1,ts={timestamp}",
        "none": f"ts={timestamp}",
    }.get(wrong, f"ts={timestamp},v1={digest}")
    try:
        WebhookSignatureValidator.validate(header, given_request, given_resource, secret)
        theirs = True
    except InvalidWebhookSignatureError:
        theirs = False
    assert holds(arrival(header, given_request, given_resource), (secret,)) is theirs


@pytest.mark.parametrize("timestamp", [str(int(NOW)), str(int(NOW * 1000))])
@pytest.mark.parametrize(("away", "good"), [(0, True), (-299, True), (299, True), (-301, False), (301, False)])
def test_a_window(timestamp: str, away: int, good: bool) -> None:
    """Where a window is set it holds for seconds and for milliseconds; without one any age is good."""
    moved = str(int(timestamp) + away * (1000 if len(timestamp) > 10 else 1))
    arrived = arrival(f"ts={moved},v1={signed(f'id:7;ts:{moved};')}", None, "7")
    assert holds(arrived, scheme=MercadoPagoSignature(tolerance=300)) is good
    assert holds(arrived)


def test_seconds_and_milliseconds() -> None:
    """From a hundred thousand million on it is milliseconds."""
    assert seconds("99999999999") == 99_999_999_999.0
    assert seconds("100000000000") == 100_000_000.0


def known(body: bytes, request: str | None = "r-1", timestamp: str = "5", resource: str | None = "7") -> str:
    manifest = "".join(
        f"{name}:{value};" for name, value in (("id", resource), ("request-id", request), ("ts", timestamp)) if value
    )
    return SCHEME.verify(arrival(f"ts={timestamp},v1={signed(manifest)}", request, resource, body), [SECRET], NOW)


def test_repetitions_are_one() -> None:
    """The same type, resource, action and request are one message, whenever they were signed; a later change is new."""
    created = json.dumps({"action": "payment.created", "type": "payment"}).encode()
    first = known(BODY)
    assert known(BODY, timestamp="6") == first
    assert len({first, known(created), known(BODY, "r-2"), known(BODY, resource="8")}) == 4
    assert known(BODY, None) != known(BODY, None, "6")
    assert Notice.of(first) == Notice("payment", "7")


def test_what_is_not_signed_makes_no_new_messages() -> None:
    """Whoever has overheard a notification makes nothing of it by writing other words into its body."""
    bodies = [json.dumps({"action": f"payment.{word}", "id": word, "x": word}).encode() for word in "abcdef"]
    assert len({known(body) for body in (*bodies, b"", b"[]", b"not JSON", b"[" * 100_000)}) == 1


@pytest.mark.parametrize("resource", ["7;ts:1", "a b", "7:8", "x" * 65, "é"])
def test_resources_that_are_none(resource: str) -> None:
    """What is no id is refused, however well it is signed."""
    digest = signed(f"id:{resource};ts:1;")
    assert not holds(arrival(f"ts=1,v1={digest}", None, resource))


def test_types_make_few_messages() -> None:
    """The type is not signed either: what is none of the few that there are counts as one."""
    digest = signed("id:7;request-id:r;ts:1;")

    def taken(query: str, told: str) -> str:
        body = json.dumps({"type": told, "action": f"{told}.updated"}).encode()
        headers = {"x-signature": f"ts=1,v1={digest}", "x-request-id": "r"}
        parameters = {"data.id": "7", "type": query} if query else {"data.id": "7"}
        return SCHEME.verify(Arrival(headers, parameters, body), [SECRET], NOW)

    kinds = [f"kind-{number}" for number in range(20)]
    assert len({taken(kind, kind) for kind in kinds} | {taken("", kind) for kind in kinds}) == 1
    assert Notice.of(taken("", "payment")) == Notice("payment", "7")
