"""The whole way over HTTP: from a photo to the book that its customer has, with nothing but what anybody can reach."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.message import EmailMessage
from html import escape, unescape
from io import BytesIO
from pathlib import Path

import cv2
import httpx
import numpy
import pypdfium2
import pytest
from pypdf import PdfReader

from tests.house import altered
from tests.petstory.deployment import SENDER, Deployment, Journey, deployed, staffed
from tests.petstory.shop import PHOTOS

DOG, CAT = (PHOTOS / "dog.jpg").read_bytes(), (PHOTOS / "cat.jpg").read_bytes()
NAME = 'Rex <script> & "Füß" 犬 #{1+1} $x$'
EMAIL = "maria@example.org"
DOCUMENT = Path(__file__).parents[2] / "docs" / "petstory.md"
BESIDE = 4
"""Pages of a book beside those of its pictures."""

GOOD = [
    *("draft", "photos_uploaded", "preview_queued", "preview_ready", "checkout_created"),
    *("paid", "producing", "produced", "emailed", "delivered"),
]


@pytest.fixture(scope="module")
def shop(
    new_database: Callable[[], str], new_redis: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    with deployed(new_database, new_redis, tmp_path_factory.mktemp("files")) as running, staffed(running):
        yield running


@pytest.fixture(scope="module")
def journey(shop: Deployment) -> Journey:
    """An order that went all the way, up to the mail."""
    order = shop.begin(DOG, CAT, pet_name=NAME, language="en", styles=["line", "cartoon"], email=EMAIL)
    order.preview()
    shown = order.becomes("preview_ready")
    for art in shown["arts"]:
        seen = shop.client.get(art["preview"])
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    pays_as_a_person(order)
    order.becomes("emailed")
    return order


def pays_as_a_person(order: Journey) -> None:
    """Looks at the checkout page and presses a button of its form."""
    checkout = order.checkout()
    page = httpx.get(checkout["url"], timeout=30)
    assert "R$ 47,00" in page.text and page.status_code == 200
    action = unescape(re.findall(r'<form method="post" action="([^"]+)"', page.text)[0])
    assert 'name="pay" value="approved"' in page.text
    back = httpx.post(str(page.url.join(action)), data={"pay": "approved"}, timeout=30)
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{order.shop.url}/petstory/orders/{order.link}?")


def mail_of(order: Journey) -> EmailMessage:
    [mail] = order.mails()
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def book_of(order: Journey) -> bytes:
    [attached] = list(mail_of(order).iter_attachments())
    assert attached.get_content_type() == "application/pdf"
    return bytes(attached.get_payload(decode=True))


def test_the_payment_was_told_by_a_signed_notification(shop: Deployment, journey: Journey) -> None:
    """The order was paid because Mercado Pago told so, by a notification that carries its signature."""
    told = [one for one in shop.market.deliveries() if one["state"] == "delivered"]
    assert told and shop.url in told[0]["url"]
    [event] = journey.rows("payment_events")
    assert (event["source"], event["status"], event["delta"]) == ("notification", "approved", Decimal("47.00"))
    kept = shop.sql("SELECT count(*) AS number FROM webhook_receipts WHERE sender_id LIKE 'payment:%'")
    assert kept[0]["number"] == 1


def test_the_mail_has_both_parts_and_the_book(journey: Journey) -> None:
    """Whatever a pet is called, the mail says so in both parts, and neither runs or breaks anything."""
    mail = mail_of(journey)
    assert (mail["to"], SENDER in str(mail["from"])) == (EMAIL, True)
    assert NAME in str(mail["subject"])
    text, html = part(mail, "plain"), part(mail, "html")
    assert NAME in text and journey.read()["book"]["url"] in text
    assert escape(NAME) in html and "<script" not in html.lower()
    assert book_of(journey).startswith(b"%PDF-")


def test_the_book_has_its_pages_pictures_and_words(journey: Journey) -> None:
    """A page for each photo in each style, their pictures embedded, and the name as it is written."""
    reader = PdfReader(BytesIO(book_of(journey)))
    assert len(reader.pages) == 2 * 2 + BESIDE
    assert pictures_in(book_of(journey)) >= 4
    words = "".join("".join(page.extract_text() for page in reader.pages).split())
    assert "".join(NAME.split()) in words


def pictures_in(pdf: bytes) -> int:
    """Different pictures that are embedded."""
    found = {
        bytes(image.data) for page in PdfReader(BytesIO(pdf)).pages for image in page.images if len(image.data) > 5000
    }
    return len(found)


def codes_in(pdf: bytes) -> list[str]:
    """What a camera reads on the pages."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [numpy.asarray(page.render(scale=2.5).to_pil().convert("RGB")) for page in document]
    finally:
        document.close()
    return [read for page in pages if (read := cv2.QRCodeDetector().detectAndDecode(page)[0])]


def test_the_printed_code_leads_to_the_tribute_page(shop: Deployment, journey: Journey) -> None:
    """The QR code is exactly the tribute's address, and who follows it sees the pet's name, as text."""
    address = journey.read()["tribute_url"]
    assert codes_in(book_of(journey)) == [address]
    page = httpx.get(address, timeout=30)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    shown = unescape(re.sub(r"<[^>]*>", "", page.text))
    assert NAME in shown
    assert "<script> &" not in page.text and journey.link not in page.text


def test_the_page_of_the_order_shows_the_name_as_text(shop: Deployment, journey: Journey) -> None:
    """Where the buyer comes back to, the name is text too."""
    page = shop.client.get(f"/petstory/orders/{journey.link}")
    assert page.status_code == 200
    assert NAME in unescape(re.sub(r"<[^>]*>", "", page.text)) and "<script> &" not in page.text


def test_who_follows_the_mails_link_has_the_book(journey: Journey) -> None:
    """The link of the mail gives the very book that is attached; with it the order is delivered."""
    [link] = set(re.findall(r"http://\S+/book", part(mail_of(journey), "plain")))
    fetched = httpx.get(link, timeout=30)
    assert fetched.status_code == 200 and fetched.content == book_of(journey)
    assert journey.becomes("delivered")["delivered_at"]
    assert journey.facts() == GOOD


def test_the_ledger_sums_up(journey: Journey) -> None:
    """What the order has received is the sum of its events: the price, once."""
    assert journey.received() == Decimal("47.00")
    assert len(journey.rows("payment_events")) == 1 and len(journey.rows("payments")) == 1


def test_nobody_else_reaches_the_order(shop: Deployment, journey: Journey) -> None:
    """A link with one letter changed, and the photo behind another order's link, are not there."""
    other = shop.begin(DOG)
    photo = journey.read()["photos"][0]["id"]
    changed = altered(journey.link, -5)
    assert shop.client.get(f"/api/v2/petstory/orders/{changed}").status_code == 404
    assert other.ask("GET", f"/photos/{photo}").status_code == 404


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_documents_commands_lead_to_a_book(shop: Deployment, tmp_path: Path) -> None:
    """Whoever types what docs/petstory.md shows of the customer's API has the book at the end."""
    [script] = [block for block in DOCUMENT.read_text().split("```console\n")[1:] if block.startswith("api=")]
    script = script.partition("```")[0].replace("http://127.0.0.1:8000", shop.url)
    for name, photo in (("dog.jpg", DOG), ("cat.jpg", CAT)):
        (tmp_path / name).write_bytes(photo)
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "book.pdf").read_bytes().startswith(b"%PDF-")
