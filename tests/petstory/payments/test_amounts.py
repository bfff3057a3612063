"""Amounts as they are written in JSON: the same money in every spelling, and what is no amount."""

from decimal import Decimal

import pytest

from esteio.services.petstory.payments.answers import Seen, shaped, told
from esteio.upstream.answer import Received, Unfit

PAYMENT = (
    '{"id":1,"status":"approved","transaction_amount":%s,"transaction_amount_refunded":%s,"currency_id":"BRL",'
    '"live_mode":true,"date_created":"%s"}'
)
WHEN = "2026-11-01T12:00:00.000-04:00"


def seen(amount: str, refunded: str = "0", when: str = WHEN) -> Seen:
    return shaped(Seen, told(Received(200, {}, (PAYMENT % (amount, refunded, when)).encode())))


@pytest.mark.parametrize("written", ["47", "47.0", "47.00", "47.000", "4.7e1", "4700e-2", "0.47E+2"])
def test_the_same_money(written: str) -> None:
    """However a number is spelled, it is the same amount to the cent, and no float has been near it."""
    amount = seen(written, written).amount
    assert isinstance(amount, Decimal) and amount == Decimal("47.00")


@pytest.mark.parametrize(
    "written",
    [
        "46.999999",
        "47.001",
        "47.000000001",
        '"47.00"',
        "null",
        "true",
        "-47",
        "-0.01",
        "[47]",
        "NaN",
        "1e400",
        "1e-400",
    ],
)
def test_no_amount(written: str) -> None:
    """What is no number of whole cents is refused; nothing is rounded."""
    with pytest.raises(Unfit):
        seen(written)
    with pytest.raises(Unfit):
        seen("47", written)


@pytest.mark.parametrize("when", ["2026-11-01T12:00:00", "2026-11-01", "12:00"])
def test_moments_have_a_zone(when: str) -> None:
    """A time that could be any hour of the day is none."""
    assert seen("47").changed_at.isoformat() == "2026-11-01T12:00:00-04:00"
    with pytest.raises(Unfit):
        seen("47", when=when)
