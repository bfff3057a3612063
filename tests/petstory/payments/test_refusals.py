"""What Mercado Pago answers where it does not do what it was asked: what of that is its own word, and what is shown."""

import pytest

from esteio.services.petstory.payments.refusals import Busy, Declined, Denied, Unknown, done
from esteio.upstream.answer import Received, Unfit

PAGE = b"<html><h1>Not here</h1></html>"


def answered(status: int, body: bytes) -> object:
    return done(Received(status, {}, body))


@pytest.mark.parametrize(
    ("status", "refusal"), [(400, Declined), (401, Denied), (403, Denied), (404, Unknown), (409, Busy), (423, Busy)]
)
def test_its_own_word(status: int, refusal: type[Exception]) -> None:
    """A refusal of its own is told apart by its status; a page of what stands between is none, and is asked again."""
    with pytest.raises(refusal):
        answered(status, b'{"message":"no"}')
    with pytest.raises(Unfit):
        answered(status, PAGE)


def test_addresses_are_not_passed_on() -> None:
    """What it says of an e-mail address is shown without the address: words go to logs and to who manages orders."""
    body = b'{"message":"payer.email maria@example.org is invalid","cause":[{"description":"<jo.o+x@mail.example>"}]}'
    with pytest.raises(Declined) as declined:
        answered(400, body)
    assert "@" not in str(declined.value) and "maria" not in declined.value.words
    assert "payer.email" in declined.value.words and "is invalid" in declined.value.words
