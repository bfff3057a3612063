"""What is played of the outside, as pages: the mails that nobody got, and the stand-ins' switches."""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from io import BytesIO
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging
from tests.console.visits import Visit
from tests.house import NO_TLS, eventually

MAILS, STAND_INS = "/console/mails", "/console/stand-ins"
ORDERS = "/api/v2/petstory/orders"
TALE = b"%PDF-1.7 a book"
HTML = """<html><head><style>p { color: rgb(1, 2, 3) } @import url(https://example.org/a.css);</style>
<meta http-equiv="refresh" content="0;url=https://example.org/"></head>
<body background="https://example.org/b.png"><p id="hello" style="font-weight: 900" onclick="alert(1)">Olá, Maria</p>
<script>document.title = "taken"</script><img src="https://example.org/seen.png" alt="Logo" onerror="alert(2)">
<img src="cid:dot@house" alt="Dot"><a href="https://example.org/confirm?token=1">Confirm</a></body></html>"""


def dot(size: int = 4) -> bytes:
    made = BytesIO()
    Image.new("RGB", (size, size), (200, 30, 30)).save(made, "PNG")
    return made.getvalue()


def send(lodge: Lodging, subject: str, to: str = "maria@example.org") -> None:
    """Somebody's mail, as its server takes it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "house@example.org", to, subject
    made.set_content("Olá. Confirme em https://example.org/confirm?token=1.\n")
    made.add_alternative(HTML, subtype="html")
    made.add_attachment(TALE, "application", "pdf", filename="livro ção.pdf")
    made.add_attachment(dot(), "image", "png", filename="dot.png", cid="<dot@house>")
    place = urlsplit(lodge.stand_ins["SMTP"]["url"])
    with smtplib.SMTP(place.hostname or "", place.port or 0, timeout=30) as line:
        line.send_message(made)


@pytest.fixture
def quiet(lodge: Lodging) -> Iterator[None]:
    """No fault is on, before and after."""
    controls = [one["control"] for one in lodge.stand_ins.values()]
    for control in controls:
        httpx.delete(f"{control}/faults", timeout=30)
    yield
    for control in controls:
        httpx.delete(f"{control}/faults", timeout=30)


def letters(ana: Visit) -> Locator:
    return ana.page.get_by_role("navigation", name="Mails, the newest first").get_by_role("link")


def party(ana: Visit, name: str) -> Locator:
    return ana.page.get_by_role("region", name=name, exact=True)


def test_a_mail_is_read(lodge: Lodging, visit: Visiting) -> None:
    """From sign-in to a mail: found, shown as designed with nothing in it running, its links told, its file saved."""
    subject = f"Book {uuid4().hex[:8]}"
    send(lodge, subject)
    with visit() as ana:
        ana.sign_in(then=MAILS)
        ana.page.get_by_label("Search sender, recipient or subject").fill(subject.upper())
        expect(letters(ana)).to_have_count(1)
        letters(ana).click()
        expect(ana.page.get_by_role("heading", level=2, name=subject)).to_be_visible()
        frame = ana.page.frame_locator("iframe")
        expect(frame.get_by_text("Olá, Maria")).to_be_visible()
        expect(frame.locator("#hello")).to_have_css("color", "rgb(1, 2, 3)")
        expect(frame.locator("#hello")).to_have_css("font-weight", "900")
        expect(frame.get_by_text("[Logo]")).to_be_visible()
        expect(frame.get_by_role("img", name="Dot")).to_have_js_property("naturalWidth", 4)
        assert ana.page.locator("iframe").get_attribute("sandbox") == ""
        link = ana.page.get_by_role("region", name="Links in it").get_by_role("link")
        expect(link).to_have_attribute("href", "https://example.org/confirm?token=1")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        ana.axe()
        ana.shot("console-mails")
        with ana.page.expect_download() as arriving:
            ana.page.get_by_role("button", name="livro ção.pdf").click()
        assert arriving.value.path().read_bytes() == TALE
        assert arriving.value.suggested_filename == "livro ção.pdf"
        ana.page.get_by_role("tab", name="Text").click()
        expect(ana.page.get_by_test_id("mail-text")).to_contain_text("Olá. Confirme em https://example.org")
        ana.page.get_by_role("tab", name="Headers").click()
        expect(ana.page.get_by_test_id("mail-text")).to_contain_text(f"Subject: {subject}")
        with ana.page.expect_download() as arriving:
            ana.page.get_by_role("button", name="Save as a file").click()
        assert subject.encode() in arriving.value.path().read_bytes()
        ana.page.get_by_role("button", name="Delete", exact=True).click()
        expect(ana.page.get_by_text("Choose a mail to read it.")).to_be_visible()
        expect(ana.page.get_by_text("Nothing fits these filters.")).to_be_visible()
        expect(ana.page).to_have_title(re.compile("Mails"))


def test_a_mail_appears_by_itself(lodge: Lodging, visit: Visiting) -> None:
    """Whoever has the page open sees and hears of a mail that comes, without asking for it."""
    subject = f"Welcome {uuid4().hex[:8]}"
    with visit() as ana:
        ana.sign_in(then=MAILS)
        expect(ana.page.get_by_text("in all")).to_be_visible()
        send(lodge, subject)
        expect(letters(ana).filter(has_text=subject)).to_be_visible()
        expect(ana.page.get_by_role("alert").filter(has_text=f"New mail: {subject}")).to_be_visible()


def test_all_mails_go(lodge: Lodging, visit: Visiting) -> None:
    """Deleting all asks first, and nothing goes where the answer is no."""
    send(lodge, "Last one")
    with visit() as ana:
        ana.sign_in(then=MAILS)
        ana.page.get_by_role("button", name="Delete all").click()
        dialog = ana.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Cancel").click()
        expect(letters(ana).filter(has_text="Last one").first).to_be_visible()
        ana.page.get_by_role("button", name="Delete all").click()
        dialog.get_by_role("button", name="Delete all").click()
        expect(ana.page.get_by_text("No mail yet.")).to_be_visible()
        ana.axe()


def test_mails_on_a_phone(lodge: Lodging, visit: Visiting) -> None:
    """On a phone, in Portuguese and in the dark the list gives way to the mail, and one comes back to it."""
    subject = f"Livro {uuid4().hex[:8]}"
    send(lodge, subject)
    with visit(phone=True, language="pt-BR", dark=True) as ana:
        ana.sign_in(then=MAILS)
        one = ana.page.get_by_role("link").filter(has_text=subject)
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("E-mails")
        ana.axe()
        one.click()
        expect(ana.page.get_by_role("heading", level=2, name=subject)).to_be_visible()
        expect(one).to_be_hidden()
        expect(ana.page.frame_locator("iframe").get_by_text("Olá, Maria")).to_be_visible()
        ana.axe()
        ana.shot("console-mail-phone")
        ana.page.get_by_role("button", name="Voltar").click()
        expect(one).to_be_visible()


def test_a_fault_is_switched(lodge: Lodging, visit: Visiting, quiet: None) -> None:
    """A switch makes the party fail on the path that was given, the card says so, and a press ends it."""
    shop = lodge.stand_ins["FakeStore"]["url"]
    with visit() as ana:
        ana.sign_in(then=STAND_INS)
        card = party(ana, "FakeStore")
        expect(card.get_by_text("No fault is on.")).to_be_visible()
        ana.axe()
        card.get_by_role("button", name="Faults").click()
        card.get_by_label("Only on this path").fill("products")
        expect(card.get_by_label("Only on this path")).to_have_attribute("aria-invalid", "true")
        expect(card.get_by_role("switch", name="error_500")).to_be_disabled()
        card.get_by_label("Only on this path").fill("/products")
        card.get_by_role("switch", name="error_500").press("Space")
        expect(card.get_by_text("error_500 on /products")).to_be_visible()
        expect(card.get_by_role("switch", name="error_500")).to_be_checked()
        assert httpx.get(f"{shop}/products/1", timeout=30).status_code == 500
        assert httpx.get(f"{shop}/users/1", timeout=30).status_code == 200
        ana.axe()
        ana.shot("console-stand-ins")
        card.get_by_role("button", name="Switch off error_500 on /products").click()
        expect(card.get_by_text("No fault is on.")).to_be_visible()
        assert httpx.get(f"{shop}/products/1", timeout=30).status_code == 200
        card.get_by_role("button", name="Calls by path").click()
        expect(card.get_by_role("rowheader", name="/products/1")).to_be_visible()


def test_a_shut_port_and_a_slow_answer(lodge: Lodging, visit: Visiting, quiet: None) -> None:
    """A port can be shut and opened again, and a fault that takes time is given its seconds."""
    with visit() as ana:
        ana.sign_in(then=STAND_INS)
        card = party(ana, "FakeStore")
        card.get_by_role("button", name="Faults").click()
        card.get_by_role("switch", name="refused").press("Space")
        expect(card.get_by_text("Port shut")).to_be_visible()
        with pytest.raises(httpx.ConnectError):
            httpx.get(lodge.stand_ins["FakeStore"]["url"], timeout=30)
        card.get_by_role("switch", name="refused").press("Space")
        expect(card.get_by_text("Answers", exact=True)).to_be_visible()
        card.get_by_role("textbox", name="Seconds").fill("2.5")
        card.get_by_role("switch", name="hang").press("Space")
        expect(card.get_by_text("hang, everywhere (2.5 seconds)")).to_be_visible()


def test_acts_of_a_party(lodge: Lodging, visit: Visiting, quiet: None) -> None:
    """What a party can do besides is a button: an issuer signs with a new key."""
    url = lodge.stand_ins["OIDC"]["url"]
    before = len(httpx.get(f"{url}/jwks", timeout=30).json()["keys"])
    with visit(phone=True, language="pt-BR", dark=True) as ana:
        ana.sign_in(then=STAND_INS)
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Substitutos")
        party(ana, "OIDC").get_by_role("button", name="Assinar com nova chave").click()
        expect(ana.page.get_by_text("Feito.").first).to_be_visible()
        eventually(lambda: len(httpx.get(f"{url}/jwks", timeout=30, verify=NO_TLS).json()["keys"]) == before + 1)
        ana.axe()


def test_a_silent_party(lodge: Lodging, visit: Visiting) -> None:
    """A stand-in that gives no answer is shown as silent, the others as they are; once it gives some, that is shown."""
    with visit() as ana:
        ana.sign_in(then=STAND_INS)
        card = party(ana, "FakeStore")
        expect(card.get_by_text("Answers", exact=True)).to_be_visible()
        with frozen(lodge, "fakestore"):
            expect(card.get_by_text("Silent", exact=True)).to_be_visible(timeout=60_000)
            expect(card.get_by_text("Whoever plays it does not answer.")).to_be_visible()
            expect(party(ana, "OIDC").get_by_text("Answers", exact=True)).to_be_visible()
            ana.axe()
        expect(card.get_by_text("Answers", exact=True)).to_be_visible(timeout=60_000)


@contextmanager
def frozen(lodge: Lodging, name: str) -> Iterator[None]:
    """The process that plays this party stands still for the time of the block."""
    assert lodge.process is not None
    family = psutil.Process(lodge.process.pid).children(recursive=True)
    [one] = [one for one in family if "standin" in one.cmdline() and name in one.cmdline()]
    one.suspend()
    try:
        yield
    finally:
        one.resume()


def paid(lodge: Lodging) -> tuple[str, str]:
    """An order whose payment was begun by Pix: its link, and the number of the payment."""
    with lodge.client({}) as client:
        made = client.post(ORDERS, json={"email": f"{uuid4().hex[:8]}@example.org", "pet_name": "Rex"})
        link: str = made.json()["data"]["link"]
        sent = client.post(f"{ORDERS}/{link}/photos", files={"photos": ("rex.png", dot(400), "image/png")})
        assert sent.status_code == 201, sent.text
        assert client.post(f"{ORDERS}/{link}/preview").status_code == 202
        ready = lambda: client.get(f"{ORDERS}/{link}").json()["data"]["state"] == "preview_ready"  # noqa: E731
        eventually(ready, 120, every=2)  # how often an order may be read is limited
        order = client.get(f"{ORDERS}/{link}").json()["data"]["id"]
        checkout = client.post(f"{ORDERS}/{link}/checkout").json()["data"]
    address = next(value for value in checkout.values() if isinstance(value, str) and "pref_id=" in value)
    page = httpx.post(address, data={"pay": "pending_pix"}, timeout=30)
    assert page.status_code < 400, page.text
    begun = lodge.admin.get("/api/v2/development/payments").json()["data"]
    [payment] = [str(one["id"]) for one in begun if order in (one["reference"] or "")]
    return link, payment


def test_a_payment_is_decided(lodge: Lodging, visit: Visiting, quiet: None) -> None:
    """A payment that somebody began is approved by a press, and the shop hears of it."""
    link, payment = paid(lodge)
    with visit() as ana, lodge.client({}) as client:
        ana.sign_in(then=STAND_INS)
        payments = ana.page.get_by_role("region", name="Payments at Mercado Pago")
        row = payments.get_by_role("row").filter(has_text=payment)
        expect(row).to_contain_text("pending (pending_waiting_transfer)")
        ana.axe()
        row.get_by_role("button", name=re.compile("Decide payment")).click()
        ana.page.get_by_role("menuitem", name="Approve").click()
        expect(row).to_contain_text("approved (accredited)")
        begun = {"checkout_created", "payment_pending", "preview_ready"}
        eventually(lambda: client.get(f"{ORDERS}/{link}").json()["data"]["state"] not in begun, 60, every=2)


def test_whoever_may_not_sees_nothing_of_it(lodge: Lodging, visit: Visiting) -> None:
    """The menu leaves out what one may not, and the address answers in words."""
    with visit() as bento:
        bento.sign_in(lodge.person("viewer"))
        expect(bento.page.get_by_role("link", name="Pets", exact=True)).to_be_visible()
        expect(bento.page.get_by_role("link", name="Mails", exact=True)).to_have_count(0)
        expect(bento.page.get_by_role("link", name="Stand-ins", exact=True)).to_have_count(0)
        for page in (MAILS, STAND_INS):
            bento.go(page)
            expect(bento.page.get_by_role("alert")).to_contain_text("needs the permission development:use")
            bento.axe()
