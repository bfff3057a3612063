"""The pages for people: what they say, to whom, and that nothing that customers wrote is more than text in them."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, get_args

import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.services.petstory.pages.states import MEANINGS
from esteio.services.petstory.pages.words import WORDS
from esteio.services.petstory.schemas import STYLES, Language
from esteio.services.petstory.states import STATES
from tests.house import Served
from tests.petstory.furnishing import Furnished
from tests.petstory.post import Office

HOSTILE = 'Rex <script>alert(1)</script> & "Füß" 犬 #{1+1} $x$ {name}'
STORY = {"title": "The <b>sea</b>", "paragraphs": ['He & "she" <img src=x onerror=alert(1)>', "Second"]}
LANGUAGES = get_args(Language)
OWN = re.compile(
    r'<script type="module" crossorigin src="/console/assets/petstory-[\w-]+\.js" nonce="[\w-]+"></script>'
)
"""The script of the shop, where that was built."""


@pytest.fixture
def office(served: Served) -> Office:
    return Office(served)


def page(office: Office, order: Furnished, kind: str = "order", **headers: str) -> httpx.Response:
    folder = "orders" if kind == "order" else "tributes"
    path = f"/petstory/{folder}/{office.link(order, kind)}"
    return office.served.anonymous.get(path, headers={"Accept": "text/html", **headers})


def test_every_state_in_every_language() -> None:
    """Each state has words and a next step in each language, and each style its name."""
    assert {*LANGUAGES} == {*MEANINGS} == {*WORDS}
    for language in LANGUAGES:
        assert {*MEANINGS[language]} == {*STATES} and {*WORDS[language].styles} == {*STYLES}
        assert all(part for meaning in MEANINGS[language].values() for part in meaning)


@pytest.mark.parametrize("state", STATES)
def test_order(office: Office, state: Any) -> None:
    """The order's page says where it is; what is under way looks at itself again by its own address."""
    order = office.order(state, language="en")
    answer = page(office, order)
    text = unescape(answer.text)
    assert answer.status_code == 200 and all(part in text for part in MEANINGS["en"][state])
    moving = state in ("preview_queued", "checkout_created", "payment_pending", "paid", "producing", "produced")
    refresh = re.search(r'http-equiv="refresh" content="(\d+);url=([^"]+)"', answer.text)
    assert bool(refresh) == moving
    if refresh:
        assert refresh[2] == f"/petstory/orders/{office.link(order)}"
    booked = state in ("produced", "emailed", "email_failed", "delivered")
    assert (f"/api/v2/petstory/orders/{office.link(order)}/book" in text) == booked
    assert ("/petstory/tributes/" in text) == booked


@pytest.mark.parametrize("kind", ["order", "tribute"])
def test_nothing_runs(office: Office, kind: str) -> None:
    """Whatever customers wrote is text; nothing runs but the shop, nothing comes from elsewhere, nobody keeps it."""
    order = office.order("emailed", pet_name=HOSTILE, breed='"><svg onload=x>', story=STORY)
    answer = page(office, order, kind)
    headers, html = answer.headers, OWN.sub("", answer.text, count=1)
    assert HOSTILE in unescape(html)
    assert not re.search(r"<script|<svg|<b>|onerror=alert\(1\)>|\son\w+=\"|style=", html)
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer" and "no-store" in headers["cache-control"]
    assert "noindex" in headers["x-robots-tag"] and 'content="noindex"' in html
    linked = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert linked and all(one.startswith(("/", "https://api.example.org/")) for one in linked)
    images = re.findall(r"<img [^>]*>", html)
    assert images and all(re.search(r'alt="[^"]+"', image) for image in images)
    for address in linked:
        assert office.served.anonymous.get(address.removeprefix("https://api.example.org")).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages(office: Office, language: Any) -> None:
    """Both pages speak the order's language, whatever the browser would like."""
    order = office.order("emailed", language=language)
    for kind in ("order", "tribute"):
        answer = page(office, order, kind, **{"Accept-Language": "de"})
        assert f'<html lang="{language}">' in answer.text
    assert WORDS[language].download in unescape(page(office, order).text)
    assert WORDS[language].species in unescape(page(office, order, "tribute").text)


def test_paying(office: Office, clock: TurnableClock) -> None:
    """While the order can be paid its page leads to where; who comes back from there is believed nothing."""
    order = office.order("checkout_created", language="pt-BR")
    office.served.sql(
        "INSERT INTO petstory_checkouts (id, tenant_id, order_id, idempotency_key, asked_sha256, amount, currency, url,"
        " created_at, expires_at) SELECT id, tenant_id, id, 'k-' || id, 'x', 47, 'BRL', $2, $3, $4 FROM petstory_orders"
        " WHERE id = $1",
        order.id,
        "https://pay.example.org/?a=1&b=<2>",
        clock.now(),
        clock.now() + timedelta(hours=1),
    )
    path = f"/petstory/orders/{office.link(order)}?status=approved&collection_status=approved&payment_id=1"
    answer = office.served.anonymous.get(path)
    assert 'href="https://pay.example.org/?a=1&amp;b=&lt;2&gt;"' in answer.text and "Pagar R$ 47,00" in answer.text
    assert office.state(order)[0] == "checkout_created"
    assert "approved" not in answer.text
    office.served.sql("UPDATE petstory_orders SET state = 'payment_pending' WHERE id = $1", order.id)
    under_way = unescape(page(office, order).text)
    assert "pay.example.org" in under_way and WORDS["pt-BR"].pay_otherwise in under_way and "Pagar R$" not in under_way
    clock.turn(3601)
    assert "pay.example.org" not in page(office, order).text


def test_pictures(office: Office) -> None:
    """Who has not paid is shown watermarked pictures, who has is shown whole ones."""
    images = r'<img src="[^"]+/arts/[^/"]+(/preview)?"'
    for state, watermark in (
        ("checkout_created", "/preview"),
        ("paid", ""),
        ("delivered", ""),
        ("refunded", "/preview"),
    ):
        order = office.order(state, language="en")
        found = re.findall(images, page(office, order).text)
        assert found and {*found} == {watermark}, state


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_preview_that_failed(office: Office, language: Any) -> None:
    """Another photo is asked for only where the photo was the trouble."""
    another = MEANINGS[language]["preview_failed"][1]
    refused = unescape(page(office, office.order("preview_failed", reason="PHOTO_REFUSED", language=language)).text)
    ours = unescape(page(office, office.order("preview_failed", reason="JOB_LOST", language=language)).text)
    assert another in refused and another not in ours
    assert WORDS[language].preview_again in ours and WORDS[language].preview_again not in refused


def test_reasons(office: Office) -> None:
    """The page of what has failed says why, and how far it is while it is being made."""
    failed = office.order("email_failed", reason="MAIL_REFUSED 550", language="en")
    assert "MAIL_REFUSED 550" in page(office, failed).text
    making = office.order("producing", language="en")
    assert '<progress value="4" max="4">' in page(office, making).text


@pytest.mark.parametrize("kind", ["order", "tribute"])
def test_no_such_page(office: Office, kind: str) -> None:
    """A link that was revoked or never was leads to a small page in the reader's language, or a plain refusal."""
    order = office.order("emailed")
    folder, old = ("orders" if kind == "order" else "tributes"), office.link(order, kind)
    column = "link" if kind == "order" else "tribute_link"
    office.served.sql(f"UPDATE petstory_orders SET {column} = 7 WHERE id = $1", order.id)
    other = office.link(order, "tribute" if kind == "order" else "order")
    for link in (old, other, "x", old[:-1]):
        path = f"/petstory/{folder}/{link}"
        answer = office.served.anonymous.get(path, headers={"Accept": "text/html", "Accept-Language": "es-AR,en"})
        assert answer.status_code == 404 and "Esta página no existe" in answer.text
        assert "no-store" in answer.headers["cache-control"] and (len(link) < 9 or link not in answer.text)
        plain = office.served.anonymous.get(path)
        assert plain.json()["errors"][0]["code"] == "NOT_FOUND"
    assert page(office, order, kind).status_code == 200


def test_tribute(office: Office) -> None:
    """The tribute shows facts, story, and of each style the first picture, which is a JPEG that others do not keep."""
    order = office.order("delivered", story=STORY, language="en")
    answer = page(office, order, "tribute")
    text = unescape(answer.text)
    assert all(part in text for part in ("Boxer", "dog", *STORY["paragraphs"], str(STORY["title"])))
    images = re.findall(r'src="([^"]+)"', answer.text)
    firsts = office.served.sql(
        "SELECT a.id FROM petstory_arts a JOIN petstory_photos p ON p.id = a.photo_id "
        "WHERE a.order_id = $1 AND p.position = 1 ORDER BY a.style DESC",
        order.id,
    )
    assert [image.rpartition("/")[2] for image in images] == [str(row["id"]) for row in firsts]
    got = office.served.anonymous.get(images[0])
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"shown", "image/jpeg")
    assert got.headers["cache-control"].startswith("private, max-age=")
    others = office.served.sql(
        "SELECT a.id FROM petstory_arts a WHERE a.order_id = $1 AND a.id <> ALL ($2::uuid[])",
        order.id,
        [row["id"] for row in firsts],
    )
    for row in others:
        assert office.served.anonymous.get(f"{images[0].rpartition('/')[0]}/{row['id']}").status_code == 404


def test_another_tribute(office: Office) -> None:
    """A picture of another order is not shown by the address of this one."""
    order, other = office.order("delivered"), office.order("delivered")
    art = office.served.sql("SELECT id FROM petstory_arts WHERE order_id = $1", other.id)[0]["id"]
    assert office.served.anonymous.get(f"/petstory/tributes/{office.link(order, 'tribute')}/{art}").status_code == 404


@pytest.mark.parametrize(
    "state, values",
    [("emailed", {"tribute": False}), ("refunded", {}), ("charged_back", {}), ("producing", {}), ("expired", {})],
)
def test_no_tribute(office: Office, state: Any, values: dict[str, Any]) -> None:
    """Where the customer wants none, or has no book, there is no tribute page, and none of its pictures."""
    order = office.order(state, **values)
    art = office.served.sql("SELECT id FROM petstory_arts WHERE order_id = $1", order.id)[0]["id"]
    assert page(office, order, "tribute").status_code == 404
    assert office.served.anonymous.get(f"/petstory/tributes/{office.link(order, 'tribute')}/{art}").status_code == 404


def test_a_tribute_ends(office: Office) -> None:
    """The page is there for as many days as the setting says, and not a day longer."""
    assert page(office, office.order("delivered", age=1824), "tribute").status_code == 200
    assert page(office, office.order("delivered", age=1826), "tribute").status_code == 404


def test_the_style_is_kept(office: Office) -> None:
    """The one file that the pages link is kept for a year under the address that they give."""
    html = page(office, office.order("emailed")).text
    (address,) = re.findall(r'rel="stylesheet" href="([^"]+)"', html)
    answer = office.served.anonymous.get(address)
    assert answer.headers["content-type"].startswith("text/css") and "immutable" in answer.headers["cache-control"]
    bare = office.served.anonymous.get(address.partition("?")[0])
    assert bare.headers["cache-control"] == "no-cache"
    again = office.served.anonymous.get(address.partition("?")[0], headers={"If-None-Match": bare.headers["etag"]})
    assert again.status_code == 304
    assert office.served.anonymous.get("/petstory/assets/other.css").status_code == 404
