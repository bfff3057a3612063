"""The storefront of PetStory: from photos to the book, on a phone, by an order's secret link alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, expect
from pypdf import PdfReader

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging
from tests.console.visits import Visit
from tests.house import eventually

ORDERS = "/api/v2/petstory/orders"
FIRST_PAGE = 235_000
"""Bytes that the first page may take over the line, with its pictures."""

LONG = 120_000
"""Milliseconds that drawing and printing may take on a busy machine."""


def picture(seed: int = 1, size: tuple[int, int] = (480, 640)) -> bytes:
    """A JPEG with something to be seen in it, another one for each seed."""
    made = Image.new("RGB", size, (90, 140, 190))
    draw = ImageDraw.Draw(made)
    width, height = size
    draw.ellipse((width * 0.2, height * 0.25, width * 0.8, height * 0.7), fill=(190, 130, 70 + seed))
    for side in (0.38, 0.62):
        draw.ellipse((width * side - 20, height * 0.4 - 20, width * side + 20, height * 0.4 + 20), fill=(20, 20, 20))
    draw.text((10, 10), str(seed), fill=(255, 255, 255))
    out = BytesIO()
    made.save(out, "JPEG", quality=85)
    return out.getvalue()


def photo(seed: int = 1, name: str = "", data: bytes | None = None, kind: str = "image/jpeg") -> FilePayload:
    return {"name": name or f"rex-{seed}.jpg", "mimeType": kind, "buffer": data if data is not None else picture(seed)}


def email() -> str:
    return f"maria-{uuid4().hex[:8]}@example.org"


def begun(lodge: Lodging, *pictures: bytes, **members: Any) -> str:
    """An order that was begun elsewhere; its secret link."""
    with lodge.client({}) as client:
        made = client.post(ORDERS, json={"email": email(), "pet_name": "Rex", **members})
        assert made.status_code == 201, made.text
        link: str = made.json()["data"]["link"]
        for data in pictures:
            sent = client.post(f"{ORDERS}/{link}/photos", files={"photos": ("rex.jpg", data, "image/jpeg")})
            assert sent.status_code == 201, sent.text
    return link


def state(lodge: Lodging, link: str) -> str:
    with lodge.client({}) as client:
        found: str = client.get(f"{ORDERS}/{link}").json()["data"]["state"]
        return found


def choose(ana: Visit, *photos: FilePayload) -> None:
    ana.page.locator("input[type=file]:not([capture])").set_input_files(list(photos))


def there(ana: Visit) -> Locator:
    """The photos that the order has."""
    return ana.page.get_by_role("list").locator("li").filter(has=ana.page.locator("img[src*='/thumbnail']"))


def begin(ana: Visit, name: str = "Rex") -> str:
    """Fill in the first form, in Portuguese; the link of the order."""
    ana.go("/petstory")
    ana.page.get_by_label("Nome do bichinho").fill(name)
    ana.page.get_by_label("Seu e-mail").fill(email())
    ana.page.get_by_role("button", name="Escolher as fotos").click()
    expect(ana.page.get_by_role("heading", level=1)).to_have_text(f"Fotos de {name}")
    return link_of(ana)


def link_of(ana: Visit) -> str:
    return ana.page.url.partition("/petstory/orders/")[2].partition("#")[0].partition("?")[0]


def seen(images: Locator) -> None:
    """Each picture has come and can be shown."""
    for place in range(images.count()):
        images.nth(place).scroll_into_view_if_needed()
        expect(images.nth(place)).to_have_js_property("complete", True)
        assert images.nth(place).evaluate("image => image.naturalWidth") > 0


def test_from_photos_to_the_book(lodge: Lodging, visit: Visiting) -> None:
    """With no account: name, photos, story, preview, payment; then the book is downloaded, and mailed again."""
    with visit(phone=True, language="pt-BR") as ana:
        page = ana.page
        ana.go("/petstory")
        expect(page.get_by_role("heading", level=1)).to_have_text("O livro do seu bichinho")
        expect(page.get_by_text(re.compile(r"R\$\s47,00 por livro"))).to_be_visible()
        ana.axe()
        ana.shot("petstory-begin-phone")
        link = begin(ana)
        choose(ana, photo(1), photo(2))
        expect(there(ana)).to_have_count(2)
        seen(there(ana).locator("img"))
        ana.axe()
        ana.shot("petstory-photos-phone")
        page.reload()
        expect(there(ana)).to_have_count(2)
        page.get_by_role("button", name="Continuar").click()
        page.get_by_role("textbox", name="A história").fill("O Rex chegou em casa num dia de chuva.")
        page.get_by_label("Aquarela").check()
        ana.axe()
        ana.shot("petstory-story-phone")
        page.get_by_role("button", name="Ver a prévia").click()
        pay = page.get_by_role("button", name=re.compile(r"Pagar R\$\s47,00"))
        expect(pay).to_be_visible(timeout=LONG)
        drawn = page.get_by_role("img", name=re.compile("Prévia de Rex"))
        expect(drawn).to_have_count(2)
        seen(drawn)
        ana.axe()
        ana.shot("petstory-preview-phone")
        pay.click()
        expect(page.get_by_role("heading", name="Como você prefere pagar?")).to_be_visible()
        page.get_by_role("button", name="Pagar com cartão: aprovado").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("O livro de Rex")
        assert link_of(ana) == link and "?" not in page.url
        download = page.get_by_role("link", name=re.compile("Baixar o livro"))
        expect(download).to_be_visible(timeout=LONG)
        expect(page.get_by_test_id("state")).to_have_attribute("data-state", "emailed", timeout=LONG)
        ana.axe()
        ana.shot("petstory-book-phone")
        with page.expect_download() as arriving:
            download.click()
        book = PdfReader(arriving.value.path())
        assert len(book.pages) >= 2 * 2 + 4 and "Rex" in book.pages[0].extract_text()
        expect(page.get_by_test_id("state")).to_have_attribute("data-state", "delivered")
        page.get_by_role("button", name="Enviar o e-mail de novo").click()
        expect(page.get_by_text("O e-mail está a caminho de novo.")).to_be_visible()


def test_what_is_no_photo_is_said_in_words(lodge: Lodging, visit: Visiting) -> None:
    """Too big, no picture by name or by bytes, damaged, too small, too many: each by itself, the others go on."""
    with visit(phone=True, language="pt-BR") as ana:
        ana.allowed |= {415, 422}
        begin(ana)
        choose(
            ana,
            photo(1),
            photo(name="livro.pdf", data=b"%PDF-1.4 nothing", kind="application/pdf"),
            photo(name="enorme.jpg", data=picture(2) + bytes(10 * 1_048_576)),
            photo(name="falsa.jpg", data=b"<html>no picture</html>"),
            photo(name="cortada.jpg", data=picture(3)[:-2_000]),
            photo(name="pequena.jpg", data=picture(4, (120, 90))),
        )
        expect(there(ana)).to_have_count(1)
        failed = ana.page.locator("[data-testid=upload][data-stage=failed]")
        expect(failed).to_have_count(5)
        for name, words in (
            ("livro.pdf", "Não é uma foto"),
            ("enorme.jpg", "Grande demais: até 10 MB"),
            ("falsa.jpg", "Não é uma foto"),
            ("cortada.jpg", "danificada"),
            ("pequena.jpg", "o lado menor precisa de 300 pixels"),
        ):
            expect(failed.filter(has_text=name)).to_contain_text(words)
        ana.axe()
        ana.page.get_by_role("button", name="Tirar livro.pdf da lista").click()
        expect(failed).to_have_count(4)
        choose(ana, *[photo(seed) for seed in range(10, 20)])
        expect(there(ana)).to_have_count(10, timeout=LONG)
        expect(failed.filter(has_text="Fotos demais: são até 10")).to_have_count(1)


def test_an_upload_that_broke_off_goes_on(lodge: Lodging, visit: Visiting) -> None:
    """Photos that are chosen without a network are not lost: they arrive by themselves when it is back."""
    with visit(phone=True, language="pt-BR") as ana:
        begin(ana)
        ana.offline(True)
        choose(ana, photo(1), photo(2))
        resting = ana.page.locator("[data-testid=upload][data-stage=resting]")
        expect(resting).to_have_count(2)
        expect(resting.first).to_contain_text("tentamos de novo sozinhos")
        expect(ana.page.get_by_test_id("away")).to_be_visible()
        ana.offline(False)
        expect(there(ana)).to_have_count(2)
        expect(resting).to_have_count(0)
        expect(ana.page.get_by_test_id("away")).to_have_count(0)


def test_an_upload_is_taken_back(lodge: Lodging, visit: Visiting) -> None:
    """What is on its way shows how far it is and can be cancelled; what has arrived can be removed."""
    with visit(phone=True, language="pt-BR") as ana:
        link = begin(ana)
        with slowly(ana):
            choose(ana, photo(1, data=noise(1_500_000)))
            sending = ana.page.locator("[data-testid=upload][data-stage=sending]")
            expect(sending.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
            expect(sending).to_contain_text(re.compile(r"Enviando: [1-9]\d?%"))
            ana.page.get_by_role("button", name="Cancelar rex-1.jpg").click()
            expect(ana.page.get_by_test_id("upload")).to_have_count(0)
        assert state(lodge, link) == "draft"
        choose(ana, photo(2), photo(3))
        expect(there(ana)).to_have_count(2)
        ana.page.get_by_role("button", name="Tirar a foto 1").click()
        expect(there(ana)).to_have_count(1)
        expect(ana.page.get_by_text("1 de 10")).to_be_visible()


def test_an_upload_goes_on_beside_the_page(lodge: Lodging, visit: Visiting) -> None:
    """What is on its way goes on while one looks at the shop, and leaving everything then is warned of."""
    with visit(phone=True, language="pt-BR") as ana:
        link = begin(ana)
        with slowly(ana):
            choose(ana, photo(1, data=noise(1_500_000)))
            expect(ana.page.locator("[data-testid=upload][data-stage=sending]")).to_contain_text("Enviando: ")
            ana.page.get_by_role("banner").get_by_role("link").click()
            expect(ana.page.get_by_role("button", name="Continuar o livro de Rex")).to_be_visible()
            warned: list[str] = []
            ana.page.on("dialog", lambda asked: (warned.append(asked.type), asked.dismiss()))
            ana.page.evaluate("setTimeout(() => location.reload())")
            eventually(lambda: ana.page.evaluate("true") and warned == ["beforeunload"])
            ana.page.get_by_role("button", name="Continuar o livro de Rex").click()
            expect(ana.page.get_by_test_id("upload")).to_contain_text(re.compile("Enviando|Conferindo"))
        expect(there(ana)).to_have_count(1, timeout=LONG)
        expect(ana.page.get_by_test_id("upload")).to_have_count(0)
        assert link_of(ana) == link


def test_what_was_typed_is_not_lost(lodge: Lodging, visit: Visiting) -> None:
    """The story is there again after a look at the photos and after loading the page anew, and not in another order."""
    link, other = begun(lodge, picture(7), language="pt-BR"), begun(lodge, picture(8), language="pt-BR")
    with visit(phone=True, language="pt-BR") as ana:
        story = ana.page.get_by_role("textbox", name="A história")
        ana.go(f"/petstory/orders/{link}#story")
        story.fill("Um dia de chuva.")
        ana.page.get_by_role("button", name="Voltar").click()
        ana.page.get_by_role("button", name="Continuar").click()
        expect(story).to_have_value("Um dia de chuva.")
        ana.page.reload()
        expect(story).to_have_value("Um dia de chuva.")
        ana.go(f"/petstory/orders/{other}#story")
        expect(story).to_have_value("")


@contextmanager
def slowly(ana: Visit) -> Iterator[None]:
    """What is sent takes its time, as on a phone out of town."""
    session = ana.context.new_cdp_session(ana.page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 50, "downloadThroughput": -1, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", slow)
    yield
    session.detach()


def noise(size: int) -> bytes:
    """A JPEG of about so many bytes: nothing in it can be made shorter."""
    side = int((size / 1.1) ** 0.5)
    out = BytesIO()
    Image.effect_noise((side, side), 100).convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def test_followed_while_the_server_is_away(lodge: Lodging, visit: Visiting) -> None:
    """While the server is gone the page says so; once it is back, what broke off goes on, and the order is followed."""
    link = begun(lodge, picture(5), styles=["line"], language="en")
    with visit(phone=True) as ana:
        ana.allowed |= {0, 500, 502, 503}
        ana.go(f"/petstory/orders/{link}")
        expect(there(ana)).to_have_count(1)
        with slowly(ana):
            choose(ana, photo(1, data=noise(2_500_000)))
            expect(ana.page.get_by_test_id("upload")).to_contain_text(re.compile(r"Sending: [1-9]\d?%"))
            lodge.stop()
        with lodge.away():
            expect(ana.page.get_by_test_id("away")).to_be_visible()
            expect(ana.page.locator("[data-testid=upload][data-stage=resting]")).to_be_visible()
            ana.shot("petstory-away-phone")
        expect(ana.page.get_by_test_id("away")).to_have_count(0, timeout=LONG)
        expect(there(ana)).to_have_count(2, timeout=LONG)
        with lodge.client({}) as client:
            assert client.post(f"{ORDERS}/{link}/preview").status_code == 202
        expect(ana.page.get_by_role("button", name=re.compile("Pay R"))).to_be_visible(timeout=LONG)


def test_two_devices(lodge: Lodging, visit: Visiting) -> None:
    """Whoever has the link goes on anywhere; what is done on one device is seen on the other without being asked."""
    link = begun(lodge, picture(6), language="en")
    with visit() as desk, visit(phone=True) as phone:
        for one in (desk, phone):
            one.go(f"/petstory/orders/{link}#story")
            expect(one.page.get_by_role("heading", level=1)).to_have_text("The story of Rex")
        desk.axe()
        desk.shot("petstory-story")
        phone.page.get_by_role("button", name="See the preview").click()
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("The preview of Rex")
        expect(desk.page.get_by_role("heading", level=1)).to_have_text("The preview of Rex")
        expect(desk.page.get_by_role("button", name=re.compile("Pay R"))).to_be_visible(timeout=LONG)
        desk.shot("petstory-preview")
        desk.page.get_by_role("button", name="Cancel the order").click()
        dialog = desk.page.get_by_role("dialog", name="Cancel the order?")
        expect(dialog).to_be_visible()
        desk.axe()
        dialog.get_by_role("button", name="Cancel the order").click()
        for one in (desk, phone):
            expect(one.page.get_by_test_id("state")).to_have_attribute("data-state", "expired")


def test_a_payment_that_was_refused(lodge: Lodging, visit: Visiting) -> None:
    """A payment under way is not asked for again; one that was rejected can be tried once more, and is then paid."""
    link = begun(lodge, picture(7), language="en")
    with lodge.client({}) as client:
        assert client.post(f"{ORDERS}/{link}/preview").status_code == 202
    eventually(lambda: state(lodge, link) == "preview_ready", LONG / 1000)
    with visit(phone=True, language="pt-BR") as ana:
        standing = ana.page.get_by_test_id("state")
        ana.go(f"/petstory/orders/{link}")
        expect(ana.page.locator("html")).to_have_attribute("lang", "en")
        pay = ana.page.get_by_role("button", name=re.compile("Pay R"))
        pay.click()
        ana.page.locator("button[value=in_process]").click()
        expect(standing).to_have_attribute("data-state", "payment_pending", timeout=LONG)
        expect(ana.page.get_by_role("link", name=re.compile("Go back to Mercado Pago"))).to_be_visible()
        expect(pay).to_have_count(0)
        rejected(lodge, link)
        expect(standing).to_have_attribute("data-state", "payment_rejected", timeout=LONG)
        ana.axe()
        pay.click()
        expect(ana.page.get_by_role("heading", name="Como você prefere pagar?")).to_be_visible()
        ana.page.go_back()
        expect(pay).to_be_enabled()
        pay.click()
        ana.page.locator("button[value=approved]").click()
        expect(ana.page.get_by_role("link", name=re.compile("Download the book"))).to_be_visible(timeout=LONG)


def rejected(lodge: Lodging, link: str) -> None:
    """Mercado Pago decides against the payment of this order."""
    with lodge.client({}) as client, lodge.admin as admin:
        order = client.get(f"{ORDERS}/{link}").json()["data"]["id"]
        begun = admin.get("/api/v2/development/payments").json()["data"]
        [payment] = [one["id"] for one in begun if order in (one["reference"] or "")]
        decided = admin.put(f"/api/v2/development/payments/{payment}/outcome", json={"outcome": "reject"})
        assert decided.is_success, decided.text


def test_the_link_is_void(lodge: Lodging, visit: Visiting) -> None:
    """The moment the link is made void the open page says that nothing is there, in its reader's language."""
    link = begun(lodge, language="es")
    with visit(phone=True) as ana:
        ana.allowed.add(404)
        ana.go(f"/petstory/orders/{link}")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Fotos de Rex")
        expect(ana.page.locator("html")).to_have_attribute("lang", "es")
        with lodge.client({}) as client, lodge.admin as admin:
            order = client.get(f"{ORDERS}/{link}").json()["data"]["id"]
            revoked = admin.post(f"/api/v2/petstory/admin/orders/{order}/revoke-links")
            assert revoked.status_code == 200, revoked.text
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Esta página no existe")
        ana.axe()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("speech, name", [("pt-BR", "Fotos de Rex"), ("en", "Photos of Rex"), ("es", "Fotos de Rex")])
def test_each_language_in_light_and_dark(lodge: Lodging, visit: Visiting, speech: str, name: str, dark: bool) -> None:
    """The shop speaks the order's language, another once it is chosen, and can be read in light and dark."""
    link = LINKS.setdefault(speech, "") or begun(lodge, picture(8), language=speech)
    LINKS[speech] = link
    with visit(phone=True, dark=dark) as ana:
        ana.go(f"/petstory/orders/{link}")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(name)
        ana.axe()
        ana.go(f"/petstory/orders/{link}#story")
        expect(ana.page.get_by_role("heading", level=1)).not_to_have_text(name)
        ana.axe()
        if dark and speech == "pt-BR":
            ana.shot("petstory-story-phone-dark")
        ana.go("/petstory")
        ana.page.get_by_role("combobox").select_option("es")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("El libro de tu mascota")
        ana.axe()
        ana.page.reload()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("El libro de tu mascota")


LINKS: dict[str, str] = {}
"""Orders that are only looked at, by language."""


def test_the_forms_refuse_in_words(lodge: Lodging, visit: Visiting) -> None:
    """What is missing is said at its field, which has the focus then; nothing was begun."""
    with visit(phone=True, language="pt-BR") as ana:
        ana.go("/petstory")
        ana.page.get_by_label("Seu e-mail").fill("maria")
        ana.page.get_by_role("button", name="Escolher as fotos").click()
        name, address = ana.page.get_by_label("Nome do bichinho"), ana.page.get_by_label("Seu e-mail")
        for field, words in ((name, "Diga o nome do bichinho."), (address, "Escreva um e-mail completo")):
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(ana.page.locator(f"[id='{field.get_attribute('aria-describedby').split()[0]}']")).to_be_attached()
            expect(ana.page.get_by_text(words)).to_be_visible()
        expect(name).to_be_focused()
        ana.axe()
        assert ana.page.url.endswith("/petstory")


def test_an_order_is_found_again(lodge: Lodging, visit: Visiting) -> None:
    """Whoever comes back to the shop on the same device is offered to go on with what was begun, or to forget it."""
    with visit(phone=True, language="pt-BR") as ana:
        link = begin(ana, "Mel")
        ana.go("/petstory")
        ana.page.get_by_role("button", name="Continuar o livro de Mel").click()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Fotos de Mel")
        assert link_of(ana) == link
        ana.page.go_back()
        ana.page.get_by_role("button", name="Esquecer neste aparelho").click()
        ana.page.reload()
        expect(ana.page.get_by_role("button", name="Escolher as fotos")).to_be_visible()
        expect(ana.page.get_by_role("button", name="Continuar o livro de Mel")).to_have_count(0)


def test_too_many_requests(lodge: Lodging, visit: Visiting) -> None:
    """Where the shop is told to wait it says so, counts down, and goes on by itself."""
    with visit(phone=True, language="pt-BR") as ana, lodge.admin as admin:
        ana.allowed.add(429)
        ana.go("/petstory")
        ana.page.get_by_label("Nome do bichinho").fill("Rex")
        ana.page.get_by_label("Seu e-mail").fill(email())
        narrowed = admin.put("/api/v2/limits/petstory.orders", json={"rate": "1/8s"})
        try:
            assert narrowed.status_code == 200, narrowed.text
            eventually(lambda: all(limited(lodge) for _ in range(4)), 60)
            ana.page.get_by_role("button", name="Escolher as fotos").click()
            expect(ana.page.get_by_role("alert")).to_contain_text(
                re.compile("Espere um instante.*Nova tentativa em", re.DOTALL)
            )
            expect(ana.page.get_by_role("heading", level=1)).to_have_text("Fotos de Rex")
        finally:
            admin.put("/api/v2/limits/petstory.orders", json={"rate": "1000/minute"})


def limited(lodge: Lodging) -> bool:
    with lodge.client({}) as client:
        return client.post(ORDERS, json={"email": email(), "pet_name": "Rex"}).status_code == 429


def test_without_a_script(lodge: Lodging, visit: Visiting) -> None:
    """The order's address says how it stands without any script too, and the shop what a book is and costs."""
    link = begun(lodge, picture(9), language="en")
    with visit(java_script_enabled=False) as ana:
        ana.go(f"/petstory/orders/{link}")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("The book of Rex")
        expect(ana.page.get_by_text("The photos have arrived")).to_be_visible()
        ana.go("/petstory")
        expect(ana.page.get_by_text("A book costs R$ 47.00")).to_be_visible()
    # What a browser shows of this alone it parses otherwise, which Playwright's own switch does not change.
    with lodge.client({"Accept-Language": "en"}) as client:
        assert client.post(f"{ORDERS}/{link}/preview").status_code == 202
        unless_run = re.findall("<noscript>(.*?)</noscript>", client.get(f"/petstory/orders/{link}").text, re.DOTALL)
        assert "turn on JavaScript" in client.get("/petstory").text.partition("<noscript>")[2]
    assert f";url=/petstory/orders/{link}" in unless_run[0]


def test_the_first_page_is_small(lodge: Lodging, visit: Visiting) -> None:
    """What somebody with a slow line loads to begin takes less than 235 kB, and has no console in it."""
    with visit(phone=True, language="pt-BR") as ana:
        found: dict[str, int] = {}
        ana.page.on("response", lambda answer: found.update({answer.url: int(answer.headers.get("content-length", 0))}))
        ana.go("/petstory")
        expect(ana.page.get_by_role("button", name="Escolher as fotos")).to_be_visible()
        ana.page.wait_for_load_state("networkidle")
        assert len(found) > 10 and sum(found.values()) < FIRST_PAGE, found
        assert not [url for url in found if re.search("console-|Shell|SignIn|oidc|OrderPage", url)]


@pytest.fixture(autouse=True)
def _roomy(lodge: Lodging) -> Iterator[None]:
    """As many orders, photos and reads as the tests want from one address."""
    if not LINKS.get("roomy"):
        with lodge.admin as admin:
            for name in ("petstory.orders", "petstory.uploads", "petstory.read", "petstory.act"):
                answer = admin.put(f"/api/v2/limits/{name}", json={"rate": "100000/minute"})
                assert answer.status_code == 200, answer.text
        LINKS["roomy"] = "yes"
    yield
