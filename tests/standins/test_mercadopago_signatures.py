"""How notifications are signed, well and badly, judged by Mercado Pago's own library."""

import hashlib
import hmac
import time
from typing import Any

import pytest
from mercadopago.webhook import InvalidWebhookSignatureError, SignatureFailureReason

from esteio.standins.mercadopago.notices import manifest
from tests.standins.seller import Received, Seller, told, validate

VECTORS = [
    (
        (999999999, "bb56a2f1-6aae-46ac-982e-9dcd3581d08e", "1742505638683"),
        "e938388473aa8b9842848aaa9aa29f6f18729b7a90ea144ec0b1283ca7bef40a",
    ),
    ((999999999, None, "1704908010"), "2bce0c1b6a053ccc0498f512db7189cb887e7f6dc4f597a1531657337ace2353"),
]


def reason(one: Received, **how: Any) -> SignatureFailureReason:
    with pytest.raises(InvalidWebhookSignatureError) as refused:
        validate(one, **how)
    found: SignatureFailureReason = refused.value.reason
    return found


@pytest.mark.parametrize(("parts", "expected"), VECTORS)
def test_what_is_signed(parts: tuple[int, str | None, str], expected: str) -> None:
    """The signed text is the one that known signatures were made of; what is not there is not in it."""
    made = hmac.digest(b"test-secret-0123456789", manifest(*parts).encode(), hashlib.sha256).hex()
    assert made == expected


def test_the_signature_is_taken_by_the_real_library(seller: Seller) -> None:
    """With the secret and no other; `ts` is in milliseconds, which the library's own window takes for seconds."""
    seller.paid()
    one = told(seller)[0]
    validate(one)
    assert reason(one, secret="another") == SignatureFailureReason.SIGNATURE_MISMATCH
    ts = one.headers["x-signature"].split(",")[0].removeprefix("ts=")
    assert abs(int(ts) / 1000 - time.time()) < 60
    assert reason(one, tolerance_seconds=300) == SignatureFailureReason.TIMESTAMP_OUT_OF_TOLERANCE


def test_in_seconds(seller: Seller) -> None:
    """The library takes it with its window; an old one is refused for its age alone."""
    number = seller.paid()
    told(seller)
    seller.market.notify(number, seconds=True)
    validate(told(seller, 2)[1], tolerance_seconds=300)
    seller.market.notify(number, seconds=True, stale=3600)
    stale = told(seller, 3)[2]
    validate(stale)
    assert reason(stale, tolerance_seconds=300) == SignatureFailureReason.TIMESTAMP_OUT_OF_TOLERANCE


@pytest.mark.parametrize(
    ("habits", "expected"),
    [
        ({"wrong_secret": True}, SignatureFailureReason.SIGNATURE_MISMATCH),
        ({"upper": True}, SignatureFailureReason.SIGNATURE_MISMATCH),
        ({"drop": ["x-signature"]}, SignatureFailureReason.MISSING_SIGNATURE_HEADER),
        ({"drop": ["ts"]}, SignatureFailureReason.MISSING_TIMESTAMP),
        ({"drop": ["v1"]}, SignatureFailureReason.MISSING_HASH),
        ({"drop": ["ts", "v1"]}, None),
        ({"drop": ["x-request-id"]}, None),
        ({"drop": ["data.id"]}, None),
    ],
)
def test_bad_and_bare_signatures(
    seller: Seller, habits: dict[str, Any], expected: SignatureFailureReason | None
) -> None:
    """Each is refused for its own reason; without request id or data.id the signature holds for what is left."""
    number = seller.paid()
    told(seller)
    seller.market.notify(number, **habits)
    one = told(seller, 2)[1]
    if expected is not None:
        assert reason(one) == expected
    elif {"ts", "v1"} <= set(habits["drop"]):
        assert one.headers["x-signature"] == ""
        with pytest.raises(InvalidWebhookSignatureError):
            validate(one)
    else:
        assert not {*habits["drop"]} & {*one.headers, *one.query}
        validate(one)
