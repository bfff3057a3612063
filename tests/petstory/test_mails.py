"""Mails to customers: what they hold, and that none is sent twice whatever the server and the worker do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest

from esteio.services.petstory.tasks import SEND_MAIL
from esteio.standins.smtp import Sink, running_smtp
from tests.conftest import House
from tests.house import Served, environment, eventually
from tests.petstory.conftest import ROOMY
from tests.petstory.post import BOOK, FROM, Office, addressed, body, mailing
from tests.worker.processes import scheduler, worker

HOSTILE = 'Rex <script> & "Füß" 犬 #{1+1} $x$ {name} %s'
TAKEN_TWICE = "the mail was sent twice"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with running_smtp() as running:
        yield running


@pytest.fixture(scope="module")
def served(house: House, sink: Sink, clock: Any, files: Any) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=f"file://{files}", **ROOMY, **mailing(sink)) as running:
        yield running


@pytest.fixture
def office(served: Served, sink: Sink) -> Office:
    sink.next()
    sink.fault("none")
    return Office(served)


def test_book(office: Office, sink: Sink) -> None:
    """The book goes to its customer once, attached and with its links, and the order is emailed."""
    order = office.order()
    mail = office.mail(order)
    office.work()
    (message,) = addressed(sink, order)
    assert FROM in str(message["from"]) and message["content-language"] == "en"
    assert message["message-id"] == f"<petstory-book-{mail}@petstory.example.org>"
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("Rex.pdf", "application/pdf")
    assert attached.get_payload(decode=True) == BOOK
    for kind in ("plain", "html"):
        said = unescape(body(message, kind))
        assert f"https://api.example.org/api/v2/petstory/orders/{office.link(order)}/book" in said
        assert f"https://api.example.org/petstory/orders/{office.link(order)}" in said
        assert f"https://api.example.org/petstory/tributes/{office.link(order, 'tribute')}" in said
    row, noted = office.row(order), office.noted(mail)
    assert (row["state"], row["reason"], row["emailed_at"]) == ("emailed", None, noted["sent_at"])
    assert (noted["state"], noted["code"], office.outcome(mail)) == ("sent", 250, "succeeded")
    office.work(again=True)
    assert len(addressed(sink, order)) == 1, TAKEN_TWICE


@pytest.mark.parametrize("language, word", [("pt-BR", "está pronto"), ("en", "is ready"), ("es", "está listo")])
def test_languages(office: Office, sink: Sink, language: str, word: str) -> None:
    """A mail speaks the language of its order."""
    order = office.order(language=language)
    office.mail(order)
    office.work()
    (message,) = addressed(sink, order)
    assert message["content-language"] == language
    assert word in str(message["subject"]) and word in body(message, "plain") and word in body(message, "html")


def test_names_are_data(office: Office, sink: Sink) -> None:
    """Whatever a pet is called is text in the subject, the text, the HTML and the file's name, and nothing else."""
    order = office.order(pet_name=HOSTILE)
    office.mail(order)
    office.work()
    (message,) = addressed(sink, order)
    assert HOSTILE in str(message["subject"]) and HOSTILE in body(message, "plain")
    html = body(message, "html")
    assert "<script" not in html and HOSTILE in unescape(html)
    assert "&lt;script&gt; &amp; &quot;Füß&quot;" in html
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"{HOSTILE}.pdf"


def test_names_break_no_line(office: Office, sink: Sink) -> None:
    """A name with line breaks and marks of direction adds no header and turns nothing round."""
    order = office.order(pet_name="Rex\r\nBcc: all@example.org\u202etxt")
    office.mail(order)
    office.work()
    (message,) = addressed(sink, order)
    assert message["bcc"] is None and "\u202e" not in str(message["subject"]) + body(message, "plain")


def test_large_books_are_linked(house: House, office: Office, sink: Sink, new_database: Any) -> None:
    """A book that is larger than a mail may be is not attached, and the mail says where it is."""
    with house(**ROOMY, **mailing(sink), MAIL__LARGEST_ATTACHMENTS="3") as other:
        there = Office(other)
        order = there.order()
        there.mail(order)
        there.work()
        (message,) = addressed(sink, order)
        assert list(message.iter_attachments()) == []
        assert "too large" in body(message, "plain") and there.link(order) in body(message, "plain")


def test_no_tribute(office: Office, sink: Sink) -> None:
    """Where the customer wants no tribute page the mail leads to none."""
    order = office.order(tribute=False)
    office.mail(order)
    office.work()
    (message,) = addressed(sink, order)
    assert "tributes" not in body(message, "plain") + body(message, "html")


def test_photo_wanted(office: Office, sink: Sink) -> None:
    """The mail says which photo could not be drawn, as the customer counts them, and where to send another."""
    order = office.order("production_failed", reason="PHOTO_REFUSED")
    office.served.sql(
        "UPDATE petstory_arts SET state = 'refused' WHERE photo_id IN "
        "(SELECT id FROM petstory_photos WHERE order_id = $1 AND position = 2)",
        order.id,
    )
    office.served.sql("UPDATE petstory_photos SET position = position + 4 WHERE order_id = $1", order.id)
    mail = office.mail(order, "photo_wanted")
    office.work()
    (message,) = addressed(sink, order)
    assert "photo 2 of" in body(message, "plain") and "photo 1" not in body(message, "plain")
    assert f"/petstory/orders/{office.link(order)}" in body(message, "plain")
    assert (office.noted(mail)["state"], office.state(order)) == ("sent", ("production_failed", "PHOTO_REFUSED"))


def test_refunded(office: Office, sink: Sink) -> None:
    """Who got the money back is told, without any book."""
    order = office.order("refunded")
    mail = office.mail(order, "refunded")
    office.work()
    (message,) = addressed(sink, order)
    assert "given back" in str(message["subject"]) and list(message.iter_attachments()) == []
    assert "/book" not in body(message, "plain")
    assert (office.noted(mail)["state"], office.state(order)[0]) == ("sent", "refunded")


@pytest.mark.parametrize("fault", ["rcpt_451", "data_451", "data_452", "greeting_421", "no_starttls", "wrong_name"])
def test_tried_again(office: Office, sink: Sink, fault: str) -> None:
    """A server that says not now, or cannot be trusted now, is asked again; in the end the book came once."""
    order = office.order()
    mail = office.mail(order)
    sink.next(fault, fault)
    for _ in range(2):
        office.work(again=True)
        assert office.noted(mail)["state"] == "queued" and office.state(order)[0] == "produced"
        assert addressed(sink, order) == []
    assert office.noted(mail)["code"] == (int(fault[-3:]) if fault[-3:].isdigit() else None)
    office.work(again=True)
    assert office.state(order) == ("emailed", None) and len(addressed(sink, order)) == 1, TAKEN_TWICE


@pytest.mark.parametrize("fault, code", [("rcpt_550", 550), ("data_554", 554), ("data_552", 552), ("sender_550", 550)])
def test_refused(office: Office, sink: Sink, fault: str, code: int) -> None:
    """A refusal for good is not tried again: the order shows the code, its manager the words, and the book is there."""
    order = office.order()
    mail = office.mail(order)
    sink.next(fault)
    office.work()
    assert office.state(order) == ("email_failed", f"MAIL_REFUSED {code}")
    noted = office.noted(mail)
    assert (noted["state"], noted["code"]) == ("refused", code) and noted["answer"]
    assert "@example.org" not in noted["answer"] or "***@example.org" in noted["answer"]
    office.work(again=True)
    assert addressed(sink, order) == [] and office.outcome(mail) == "succeeded"
    assert office.served.anonymous.get(f"/api/v2/petstory/orders/{office.link(order)}/book").content == BOOK


def test_no_server_answers(office: Office, sink: Sink) -> None:
    """When the last try has failed too the order says so, and its manager may have it tried again."""
    order = office.order()
    mail = office.mail(order)
    tried = "UPDATE job_tickets SET attempts = $2 WHERE job_id = (SELECT id FROM jobs WHERE unique_key = $1)"
    office.served.sql(tried, f"mail:{mail}", SEND_MAIL.retry.most - 1)
    sink.next("rcpt_451")
    office.work(again=True)
    assert office.state(order) == ("email_failed", "MAIL_DELAYED 451") and office.noted(mail)["state"] == "failed"
    again = office.served.client.post(f"/api/v2/petstory/admin/orders/{order.id}/retry")
    assert again.status_code == 202, again.text
    office.work()
    assert office.state(order) == ("emailed", None) and len(addressed(sink, order)) == 1


@pytest.mark.parametrize("fault", ["cut_kept", "hang_kept"])
def test_nobody_knows(office: Office, sink: Sink, fault: str) -> None:
    """Where the server gave no answer to the whole mail it is unconfirmed, and not sent again before somebody asks."""
    order = office.order()
    mail = office.mail(order)
    sink.next(fault)
    office.work(waits=2)
    assert office.state(order) == ("email_failed", "UNCONFIRMED")
    assert office.noted(mail)["state"] == "unconfirmed"
    office.work(again=True)
    assert len(addressed(sink, order)) == 1, TAKEN_TWICE
    asked = office.served.anonymous.post(f"/api/v2/petstory/orders/{office.link(order)}/mail")
    assert asked.status_code == 202, asked.text
    office.work()
    assert office.state(order) == ("emailed", None) and len(addressed(sink, order)) == 2


def test_mail_off(house: House, new_database: Any) -> None:
    """Without a mail server the order says so at once; the book is there all the same, and the manager can retry."""
    with house(**ROOMY) as other:
        office = Office(other)
        order = office.order()
        mail = office.mail(order)
        office.work()
        assert office.state(order) == ("email_failed", "MAIL_OFF") and office.noted(mail)["state"] == "failed"
        answer = other.client.post(f"/api/v2/petstory/admin/orders/{order.id}/retry")
        assert answer.status_code == 202, answer.text
        assert [row["state"] for row in answer.json()["data"]["mails"]][-1] == "queued"


@pytest.mark.parametrize("state", ["refunded", "charged_back"])
def test_no_book_for_nothing(office: Office, sink: Sink, state: Any) -> None:
    """A mail whose order has lost its money meanwhile brings no book."""
    order = office.order()
    mail = office.mail(order)
    office.served.sql("UPDATE petstory_orders SET state = $2 WHERE id = $1", order.id, state)
    office.work()
    assert office.noted(mail)["state"] == "failed" and addressed(sink, order) == []
    assert office.state(order)[0] == state


def test_moved_on_the_way(office: Office, sink: Sink) -> None:
    """An order whose links are revoked while its mail goes to the server gets one mail, with the new links."""
    order = office.order()
    office.mail(order)
    sink.forget()
    sink.fault("slow", seconds=0.5)
    with ThreadPoolExecutor() as pool:
        working = pool.submit(office.work)
        eventually(lambda: sink.calls("/RCPT"))
        office.served.sql("UPDATE petstory_orders SET link = 2, version = version + 1 WHERE id = $1", order.id)
        working.result(30)
    assert addressed(sink, order) == [] and office.state(order)[0] == "produced"
    sink.fault("none")
    office.work(again=True)
    (message,) = addressed(sink, order)
    assert office.link(order) in body(message, "plain")


def test_a_worker_that_dies(house: House, sink: Sink, new_database: Any, new_redis: Any, files: Any) -> None:
    """Killed after the mark: nobody knows whether the mail went, the order says so, and it is not sent again."""
    database, cache = new_database(), new_redis()
    given = {**ROOMY, "FILES__URL": f"file://{files}", "JOBS__POLL": "0.2", "JOBS__LEASE": "3"}
    given |= mailing(sink, MAIL__ANSWER_TIMEOUT="600")
    with house(database_url=database, redis_url=cache, **given) as served:
        office = Office(served)
        order = office.order()
        sink.next("hang_kept")
        mail = office.mail(order)
        whole = environment(database, cache, **given)
        with worker(whole, queues="io", services=None) as running, scheduler(whole, services=None):
            eventually(lambda: addressed(sink, order), 60.0)
            assert office.noted(mail)["state"] == "handing_over"
            running.kill()
            eventually(lambda: office.state(order) == ("email_failed", "UNCONFIRMED"), 90.0)
            eventually(lambda: office.outcome(mail) == "succeeded")
        assert office.noted(mail)["state"] == "unconfirmed"
        assert len(addressed(sink, order)) == 1, TAKEN_TWICE


def test_killed_before_the_mark(office: Office, sink: Sink) -> None:
    """A run that ended before the mark has sent nothing: the next one sends the mail."""
    order = office.order()
    mail = office.mail(order)
    sink.next("cut_data")
    office.work()
    assert office.noted(mail)["state"] == "queued" and addressed(sink, order) == []
    office.work(again=True)
    assert office.state(order) == ("emailed", None) and len(addressed(sink, order)) == 1


def test_five_a_day(office: Office, sink: Sink) -> None:
    """The customer may ask for the mail again: one at a time, five a day, and only for a book that there is."""
    order = office.order("delivered")
    office.served.sql("DELETE FROM petstory_mails WHERE order_id = $1", order.id)
    path = f"/api/v2/petstory/orders/{office.link(order)}/mail"
    for _ in range(5):
        assert office.served.anonymous.post(path).status_code == 202
        again = office.served.anonymous.post(path)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "ORDER_STATE")
        office.work()
    many = office.served.anonymous.post(path)
    assert (many.status_code, many.json()["errors"][0]["code"]) == (429, "MAILS_EXHAUSTED")
    assert 0 < int(many.headers["retry-after"]) <= 86_401
    assert len(addressed(sink, order)) == 5 and office.state(order)[0] == "delivered"
    office.served.sql(
        "UPDATE petstory_mails SET created_at = created_at - interval '1 day' WHERE order_id = $1", order.id
    )
    assert office.served.anonymous.post(path).status_code == 202


@pytest.mark.parametrize("state", ["draft", "paid", "producing", "production_failed", "refunded", "expired"])
def test_no_mail_without_a_book(office: Office, state: Any) -> None:
    """Where there is no book for the customer there is no mail of it either."""
    order = office.order(state)
    answer = office.served.anonymous.post(f"/api/v2/petstory/orders/{office.link(order)}/mail")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "ORDER_STATE")


def test_a_lost_mail_is_no_bar(office: Office, sink: Sink) -> None:
    """A mail whose job is lost keeps nobody from asking for another."""
    order = office.order("email_failed")
    mail = office.mail(order)
    office.served.sql("UPDATE petstory_mails SET state = 'handing_over' WHERE id = $1", mail)
    office.served.sql(
        "DELETE FROM job_tickets WHERE job_id = (SELECT id FROM jobs WHERE unique_key = $1)", f"mail:{mail}"
    )
    office.served.sql("UPDATE jobs SET outcome = 'failed', finished_at = now() WHERE unique_key = $1", f"mail:{mail}")
    answer = office.served.anonymous.post(f"/api/v2/petstory/orders/{office.link(order)}/mail")
    assert answer.status_code == 202, answer.text
    assert office.noted(mail)["state"] == "unconfirmed"


def test_found_marked(office: Office, sink: Sink) -> None:
    """A run that finds the mark of one before it sends nothing, whatever became of that."""
    order = office.order()
    mail = office.mail(order)
    office.served.sql("UPDATE petstory_mails SET state = 'handing_over' WHERE id = $1", mail)
    office.work()
    assert (office.noted(mail)["state"], office.outcome(mail)) == ("unconfirmed", "succeeded")
    assert office.state(order) == ("email_failed", "UNCONFIRMED") and addressed(sink, order) == []
