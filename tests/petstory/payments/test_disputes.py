"""Payments that are disputed, taken back and given again: whose money it is in the end, and who hears of it."""

from decimal import Decimal
from itertools import count

from tests.petstory.payments.test_payments import observe, reading
from tests.petstory.payments.till import Till

PRICE = Decimal("47.00")
numbers = count(900_000)


def read(till: Till, *readings: object) -> None:
    observe(till, [(one, False) for one in readings])  # type: ignore[misc]


def test_a_dispute_that_is_won(till: Till) -> None:
    """Who paid twice gets the second payment back; a dispute about the first one that is won leaves it here."""
    order = till.checked_out()
    first, second = next(numbers), next(numbers)
    read(
        till,
        reading(order, first, 0, "approved", "0"),
        reading(order, second, 1, "approved", "0"),
        reading(order, second, 2, "refunded", "47.00"),
        reading(order, first, 3, "in_mediation", "0"),
        reading(order, first, 4, "approved", "0"),
    )
    assert [row["number"] for row in till.refunds(order)] == [str(second)]
    assert till.state(order) == "paid" and till.received(order) == PRICE


def test_a_dispute_about_one_that_goes_back(till: Till) -> None:
    """While the second payment is still to be given back, a dispute about the first one gives neither more back."""
    order = till.checked_out()
    first, second = next(numbers), next(numbers)
    read(
        till,
        reading(order, first, 0, "approved", "0"),
        reading(order, second, 1, "approved", "0"),
        reading(order, first, 2, "in_mediation", "0"),
        reading(order, first, 3, "approved", "0"),
    )
    assert [row["number"] for row in till.refunds(order)] == [str(second)]
    assert till.received(order) == 2 * PRICE


def test_paid_again_during_a_dispute(till: Till) -> None:
    """Who pays once more while the first payment is disputed gets the second one back, whoever wins."""
    order = till.checked_out()
    first, second = next(numbers), next(numbers)
    read(
        till,
        reading(order, first, 0, "approved", "0"),
        reading(order, first, 1, "in_mediation", "0"),
        reading(order, second, 2, "approved", "0"),
        reading(order, first, 3, "approved", "0"),
    )
    assert [row["number"] for row in till.refunds(order)] == [str(second)]


def test_a_chargeback_that_is_undone(till: Till) -> None:
    """The money is counted again; the order stays ended, and who manages orders is told that it has money."""
    order, number = till.checked_out(), next(numbers)
    read(till, reading(order, number, 0, "approved", "0"), reading(order, number, 1, "charged_back", "0"))
    assert till.state(order) == "charged_back" and till.received(order) == 0
    assert "petstory.payment.returned" not in till.shop.noted(order.id)
    read(till, *[reading(order, number, 2, "approved", "0")] * 2)
    assert till.state(order) == "charged_back" and till.received(order) == PRICE
    assert till.shop.noted(order.id).count("petstory.payment.returned") == 1
    assert till.refunds(order) == []


def test_paid_after_it_was_given_back(till: Till) -> None:
    """Whoever pays an order that was refunded gets that payment back too."""
    order = till.checked_out()
    first, second = next(numbers), next(numbers)
    read(
        till,
        reading(order, first, 0, "approved", "0"),
        reading(order, first, 1, "refunded", "47.00"),
        reading(order, second, 2, "approved", "0"),
    )
    assert till.state(order) == "refunded"
    assert [row["number"] for row in till.refunds(order)] == [str(second)]
    assert "petstory.payment.returned" not in till.shop.noted(order.id)


def test_given_back_and_taken_back(till: Till) -> None:
    """A chargeback of what was given back, in either order of the readings, ends as a chargeback and counts once."""
    for turned in (False, True):
        order, number = till.checked_out(), next(numbers)
        told = [reading(order, number, 1, "refunded", "47.00"), reading(order, number, 2, "charged_back", "0")]
        read(till, reading(order, number, 0, "approved", "0"), *(reversed(told) if turned else told))
        assert till.state(order) == "charged_back" and till.received(order) == 0


def test_a_dispute_leaves_the_book(till: Till) -> None:
    """An order whose book was delivered keeps it, its links and its state while its payment is disputed."""
    order, number = till.checked_out(), next(numbers)
    read(till, reading(order, number, 0, "approved", "0"))
    for state in ("produced", "emailed", "email_failed", "delivered"):
        order.put(state)
        before = till.shop.row(order.id)
        read(till, reading(order, number, 1, "in_mediation", "0"))
        after = till.shop.row(order.id)
        assert {name: after[name] for name in ("state", "link", "tribute_link", "book_id")} == {
            name: before[name] for name in ("state", "link", "tribute_link", "book_id")
        }
    assert till.received(order) == PRICE
