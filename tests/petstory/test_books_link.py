"""The book behind its secret link: whole, in parts, and only for who has the link while it is kept."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from esteio.base.clock import TurnableClock
from tests.house import Served, altered
from tests.petstory.furnishing import Furnished
from tests.petstory.post import BOOK, Office

HOSTILE = 'Rex <script> & "Füß" 犬 #{1+1} $x$'


@pytest.fixture
def office(served: Served) -> Office:
    return Office(served)


def fetch(office: Office, order: Furnished, method: str = "GET", **headers: str) -> httpx.Response:
    path = f"/api/v2/petstory/orders/{office.link(order)}/book"
    return office.served.anonymous.request(method, path, headers=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.mark.parametrize("state", ["produced", "emailed", "email_failed"])
def test_delivered(office: Office, state: Any) -> None:
    """Who fetches the whole book has it: the order is delivered once, however often it is fetched."""
    order = office.order(state, reason="MAIL_REFUSED 550" if state == "email_failed" else None)
    answer = fetch(office, order)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, BOOK, "image/jpeg")
    assert "no-store" in answer.headers["cache-control"] and answer.headers["referrer-policy"] == "no-referrer"
    row = office.row(order)
    assert (row["state"], row["reason"]) == ("delivered", None) and row["delivered_at"] is not None
    assert fetch(office, order).content == BOOK
    assert office.row(order) == row
    told = office.served.sql("SELECT name FROM outbox WHERE subject = $1", str(order.id))
    noted = office.served.sql("SELECT actor, action FROM audit_log WHERE subject = $1", str(order.id))
    assert [one["name"] for one in told] == ["order.delivered"]
    assert [tuple(one) for one in noted] == [("customer", "petstory.order.delivered")]


def test_parts_deliver_nothing(office: Office) -> None:
    """HEAD, parts and what is known already are no delivery; parts put together are the book."""
    order = office.order("emailed")
    head = fetch(office, order, "HEAD")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(BOOK)), b"")
    tag = head.headers["etag"]
    assert fetch(office, order, **{"If-None-Match": tag}).status_code == 304
    first, rest = fetch(office, order, Range="bytes=0-1"), fetch(office, order, Range="bytes=2-", **{"If-Range": tag})
    assert (first.status_code, rest.status_code) == (206, 206) and first.content + rest.content == BOOK
    assert first.headers["content-range"] == f"bytes 0-1/{len(BOOK)}"
    assert code(fetch(office, order, Range="bytes=900-")) == (416, "RANGE_NOT_SATISFIABLE")
    assert office.state(order)[0] == "emailed"


def test_a_failed_note_breaks_nothing(office: Office) -> None:
    """Where the delivery cannot be written down the customer gets the book all the same."""
    order = office.order("emailed")
    office.served.sql("ALTER TABLE petstory_orders ADD CONSTRAINT no_delivery CHECK (state <> 'delivered') NOT VALID")
    try:
        assert fetch(office, order).content == BOOK
    finally:
        office.served.sql("ALTER TABLE petstory_orders DROP CONSTRAINT no_delivery")
    assert office.state(order)[0] == "emailed"


@pytest.mark.parametrize("state", ["draft", "preview_ready", "paid", "producing", "production_failed", "expired"])
def test_before_it_is_made(office: Office, state: Any) -> None:
    """Before there is a book its address leads nowhere."""
    assert code(fetch(office, office.order(state))) == (404, "NOT_FOUND")


def test_given_back(office: Office) -> None:
    """Who got the money back has no book any more."""
    assert code(fetch(office, office.order("refunded"))) == (410, "FILE_GONE")


def test_over(office: Office, clock: TurnableClock) -> None:
    """A book that was revoked, removed, or whose time is over, is gone; the order is not delivered by asking."""
    orders = [office.order("emailed") for _ in range(3)]
    office.served.sql("UPDATE files SET deleted_at = now() WHERE id = $1", office.row(orders[0])["book_id"])
    office.served.sql("UPDATE petstory_orders SET book_id = NULL WHERE id = $1", orders[1].id)
    until = clock.now() + timedelta(seconds=1)
    office.served.sql("UPDATE files SET expires_at = $2 WHERE id = $1", office.row(orders[2])["book_id"], until)
    assert fetch(office, orders[2], "HEAD").status_code == 200
    clock.turn(2)
    for order in orders:
        assert code(fetch(office, order)) == (410, "FILE_GONE")
        assert office.state(order)[0] == "emailed"


def test_other_links(office: Office) -> None:
    """A link that was revoked, altered, or is that of a tribute page, opens no book."""
    order = office.order("emailed")
    old, tribute = office.link(order), office.link(order, "tribute")
    office.served.sql("UPDATE petstory_orders SET link = 2 WHERE id = $1", order.id)
    good = office.link(order)
    for link in (old, tribute, good[:-1], altered(good), altered(good, -9)):
        answer = office.served.anonymous.get(f"/api/v2/petstory/orders/{link}/book")
        assert code(answer) == (404, "NOT_FOUND")
    assert fetch(office, order).content == BOOK


def test_the_name_of_the_file(office: Office) -> None:
    """A pet's name names the file as it is where clients can read that, and as harmless letters where they cannot."""
    order = office.order("emailed")
    name = f"{HOSTILE}\r\nX-Evil: 1/../x.pdf".replace("\r\n", " ")
    office.served.sql("UPDATE files SET name = $2 WHERE id = $1", office.row(order)["book_id"], name)
    disposition = fetch(office, order).headers["content-disposition"]
    plain = disposition.partition('filename="')[2].partition('"')[0]
    assert disposition.startswith("attachment; ") and plain.isascii() and "%" not in plain
    assert "filename*=UTF-8''Rex%20%3Cscript%3E%20%26%20%22F%C3%BC%C3%9F%22%20%E7%8A%AC" in disposition
