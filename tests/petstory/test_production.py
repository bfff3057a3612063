"""From photos to a book: what is drawn and when, and what becomes of an order whose pictures cannot be made."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import pytest
from pypdf import PdfReader

from esteio.base.clock import TurnableClock
from esteio.services.petstory.tasks import MEND, PRODUCE, OrderRef, SweepOrder
from esteio.standins.gemini import Painter, running_gemini
from tests.conftest import House
from tests.house import Served
from tests.petstory.conftest import ROOMY
from tests.petstory.factory import object_of, paid, ran, without_ending, worked
from tests.petstory.shop import PHOTOS, Order, Shop, picture

DOG, CAT = (PHOTOS / "dog.jpg").read_bytes(), (PHOTOS / "cat.jpg").read_bytes()
KEY = "a-key-of-a-test"
GENERATED = "/v1/models/gemini-nano-banana-2.1:generateContent"


@pytest.fixture(scope="module")
def gemini() -> Iterator[Painter]:
    with running_gemini(KEY) as painter:
        yield painter


@pytest.fixture(scope="module")
def painted(
    house: House, clock: TurnableClock, gemini: Painter, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A house whose pictures are drawn by Gemini."""
    folder = tmp_path_factory.mktemp("painted")
    settings = {"PETSTORY__GEMINI_API_KEY": KEY, "PETSTORY__GEMINI_URL": gemini.url, "PETSTORY__ART_BUDGET": "0.30"}
    with house(clock=clock, FILES__URL=folder.as_uri(), **ROOMY, **settings) as running:
        yield running


@pytest.fixture
def atelier(painted: Served, gemini: Painter) -> Shop:
    gemini.reset()
    return Shop.at(painted)


def arts_of(order: Order) -> list[dict[str, Any]]:
    found = order.shop.served.sql("SELECT * FROM petstory_arts WHERE order_id = $1 ORDER BY id", order.id)
    return [dict(row) for row in found]


def pictures_asked(gemini: Painter) -> list[dict[str, Any]]:
    return [asked for asked in gemini.requests() if asked["kind"] == "image"]


def previewing(shop: Shop, *pictures: bytes, **members: Any) -> Order:
    """An order whose preview was asked for and worked at."""
    order = shop.with_photos(*pictures, **members)
    order.preview()
    worked(shop.served)
    return order


def produced(shop: Shop, *pictures: bytes, **members: Any) -> Order:
    """A paid order, and what the workers made of it."""
    order = previewing(shop, *pictures, **members)
    assert order.state == "preview_ready"
    paid(order)
    worked(shop.served)
    return order


def mails_of(order: Order) -> list[str]:
    found = order.shop.served.sql("SELECT kind FROM petstory_mails WHERE order_id = $1 ORDER BY created_at", order.id)
    return [row["kind"] for row in found]


def refunds_of(order: Order) -> int:
    found = order.shop.served.sql("SELECT count(*) FROM petstory_refunds WHERE order_id = $1", order.id)
    return int(found[0]["count"])


def test_a_preview_shows_the_first_photo_in_each_style(shop: Shop) -> None:
    """Before it is paid for the first photo is drawn, and no other; only its marked pictures can be seen."""
    order = previewing(shop, DOG, CAT, styles=["line", "cartoon"])
    data = order.read()
    assert data["state"] == "preview_ready"
    first = data["photos"][0]["id"]
    assert {(art["photo_id"], art["style"], art["state"]) for art in data["arts"]} == {
        (first, "line", "drawn"),
        (first, "cartoon", "drawn"),
    }
    for art in data["arts"]:
        seen = shop.client.get(art["preview"])
        assert seen.status_code == 200 and seen.headers["content-type"] == "image/jpeg"
        assert order.ask("GET", f"/arts/{art['id']}").status_code == 404
    progress = [name for name in shop.facts(order.id) if name == "order.progress"]
    assert len(progress) == 2


def test_a_paid_order_becomes_a_book(shop: Shop) -> None:
    """The pictures that were missing are drawn, those of the preview are not drawn again, and the book has them all."""
    order = previewing(shop, DOG, CAT, styles=["line", "watercolour"], pet_name="Rex & Mimi")
    before = {art["id"]: art["file_id"] for art in arts_of(order)}
    paid(order)
    worked(shop.served)
    arts = arts_of(order)
    assert len(arts) == 4 and {art["state"] for art in arts} == {"drawn"}
    assert before.items() <= {art["id"]: art["file_id"] for art in arts}.items()
    row = shop.row(order.id)
    assert row["state"] in ("produced", "emailed", "email_failed") and orjson.loads(row["story"])["paragraphs"]
    book = PdfReader(BytesIO(object_of(shop.served, row["book_id"])))
    assert "Rex & Mimi" in "".join(page.extract_text() for page in book.pages)
    assert mails_of(order) == ["book"]
    facts = [name for name in shop.facts(order.id) if name != "order.progress"]
    assert facts[-3:] == ["order.paid", "order.producing", "order.produced"] or "order.produced" in facts


def test_a_killed_run_draws_nothing_twice(atelier: Shop, gemini: Painter) -> None:
    """A run that dies after its picture came and before it could say so is followed by one that finds it."""
    order = atelier.with_photos(DOG)
    order.preview()
    without_ending(atelier.served)
    assert len(pictures_asked(gemini)) == 1 and order.state == "preview_queued"
    worked(atelier.served, again=True)
    assert order.state == "preview_ready" and len(pictures_asked(gemini)) == 1


def test_the_same_photo_in_the_same_style_is_asked_for_once(atelier: Shop, gemini: Painter) -> None:
    """A second order with the photo takes the picture that the first one paid for."""
    one = previewing(atelier, CAT, styles=["cartoon"])
    other = previewing(atelier, CAT, styles=["cartoon"])
    assert one.state == other.state == "preview_ready"
    assert len(pictures_asked(gemini)) == 1
    assert atelier.row(other.id)["spent"] == 0 < atelier.row(one.id)["spent"]


@pytest.mark.parametrize("outcome", ["blocked_safety", "finish_image_safety", "finish_prohibited_content"])
def test_a_refused_photo_is_never_asked_for_again(atelier: Shop, gemini: Painter, outcome: str) -> None:
    """The preview fails at once and wants another photo; with one it is drawn."""
    gemini.next(outcome)
    order = previewing(atelier, picture(200 + len(outcome)))
    data = order.read()
    assert (data["state"], data["reason"]) == ("preview_failed", "PHOTO_REFUSED")
    assert data["arts"][0]["state"] == "refused" and data["arts"][0]["reason"]
    worked(atelier.served, again=True)
    assert len(pictures_asked(gemini)) == 1
    assert order.ask("POST", "/preview").status_code == 409
    assert order.ask("DELETE", f"/photos/{data['photos'][0]['id']}").status_code == 204
    order.upload(picture(250))
    order.preview()
    worked(atelier.served)
    assert order.state == "preview_ready"


def test_a_photo_refused_after_the_payment_is_replaced(atelier: Shop, gemini: Painter) -> None:
    """The customer is written to, sends another photo in its place, and gets the book."""
    order = previewing(atelier, picture(11), picture(12))
    gemini.next({"outcome": "finish_image_safety", "kind": "image"})
    paid(order)
    worked(atelier.served)
    data = order.read()
    assert (data["state"], data["reason"]) == ("production_failed", "PHOTO_REFUSED")
    assert mails_of(order) == ["photo_wanted"]
    refused = next(art for art in data["arts"] if art["state"] == "refused")
    assert order.ask("DELETE", f"/photos/{refused['photo_id']}").status_code == 204
    order.upload(picture(13))
    worked(atelier.served)
    assert order.state in ("produced", "emailed", "email_failed")
    assert "book" in mails_of(order)


def test_an_answer_without_a_picture_is_asked_for_thrice(atelier: Shop, gemini: Painter) -> None:
    """Twice it is asked again, as often as the settings say; then the preview has failed, and may be asked for anew."""
    gemini.next({"outcome": "text_only", "times": 5, "kind": "image"})
    order = atelier.with_photos(picture(21))
    order.preview()
    for _ in range(5):
        worked(atelier.served, again=True)
    assert order.state == "preview_failed" and len(pictures_asked(gemini)) == 3
    gemini.reset()
    order.preview()
    worked(atelier.served)
    assert order.state == "preview_ready"


@pytest.mark.parametrize("outcome", ["quota", "overloaded", "quota_day"])
def test_who_is_busy_is_waited_for(atelier: Shop, gemini: Painter, outcome: str) -> None:
    """A party that has too much to do, or whose quota is used up, is asked again later; the order waits."""
    gemini.next(outcome)
    order = previewing(atelier, picture(30 + len(outcome)))
    assert order.state == "preview_queued" and atelier.row(order.id)["spent"] == 0
    seconds = atelier.served.sql(
        "SELECT extract(epoch FROM t.due_at - now()) AS rest FROM job_tickets t JOIN jobs j ON j.id = t.job_id "
        "WHERE j.payload->>'order' = $1",
        str(order.id),
    )[0]["rest"]
    assert seconds > (600 if outcome == "quota_day" else 0.5)
    worked(atelier.served, again=True)
    assert order.state == "preview_ready"


def test_an_order_costs_no_more_than_its_budget(atelier: Shop, gemini: Painter) -> None:
    """Nothing is asked for that would exceed what an order's pictures may cost; it fails, and says why."""
    order = previewing(atelier, *(picture(140 + number) for number in range(8)), styles=["line"])
    paid(order)
    worked(atelier.served)
    data = order.read()
    assert (data["state"], data["reason"]) == ("production_failed", "BUDGET")
    assert atelier.row(order.id)["spent"] <= Decimal("0.30")
    assert len(pictures_asked(gemini)) == 7


def test_what_is_spent_before_the_payment_is_bounded(house: House, gemini: Painter, clock: TurnableClock) -> None:
    """However often somebody sends other photos and asks for previews, no more than so much is spent on them."""
    gemini.reset()
    settings = {"PETSTORY__GEMINI_API_KEY": KEY, "PETSTORY__GEMINI_URL": gemini.url, "PETSTORY__PREVIEW_BUDGET": "0.10"}
    with house(clock=clock, **ROOMY, **settings) as served:
        order = Shop.at(served).begin()
        for number in range(4):
            order.upload(picture(170 + number))
            order.preview()
            worked(served)
            if order.read()["state"] == "preview_failed":
                break
            order.ask("DELETE", f"/photos/{order.data['photos'][0]['id']}")
        assert (order.data["state"], order.data["reason"]) == ("preview_failed", "BUDGET")
    assert len(pictures_asked(gemini)) == 2


def test_nobody_draws_for_an_order_that_was_cancelled(atelier: Shop, gemini: Painter) -> None:
    """A picture that nobody waits for any more is not asked for."""
    order = atelier.with_photos(picture(60))
    order.preview()
    order.cancel()
    worked(atelier.served)
    assert pictures_asked(gemini) == [] and order.state == "expired"


def test_money_that_came_when_the_photos_were_gone_goes_back(shop: Shop) -> None:
    """An order that expired and is paid all the same cannot be made: it fails, and its refund is asked for."""
    order = shop.with_photos(picture(70))
    order.cancel()
    paid(order, "expired")
    worked(shop.served)
    assert shop.row(order.id)["reason"] == "PHOTOS_GONE" and order.state == "production_failed"
    assert refunds_of(order) == 1


def gone(order: Order, name: str) -> None:
    """Let a job of the order be gone without a word, as one is that killed its workers."""
    sql = order.shop.served.sql
    jobs = "(SELECT id FROM jobs WHERE name = $2 AND payload->>'order' = $1 AND outcome IS NULL)"
    sql(f"DELETE FROM job_tickets WHERE job_id IN {jobs}", str(order.id), name)
    sql(f"UPDATE jobs SET outcome = 'failed', finished_at = now() WHERE id IN {jobs}", str(order.id), name)


@pytest.mark.parametrize(
    ("job", "state", "to"),
    [
        ("petstory.draw", "preview_queued", "preview_failed"),
        ("petstory.produce", "paid", "production_failed"),
        ("petstory.make_book", "producing", "production_failed"),
        ("petstory.send_mail", "produced", "email_failed"),
    ],
)
def test_an_order_whose_job_is_gone_does_not_wait_for_ever(
    shop: Shop, clock: TurnableClock, job: str, state: str, to: str
) -> None:
    """Where nothing of ours is at work for an order any more it has failed, which its operator sees; not before."""
    order = shop.with_photos(picture(len(job)))
    order.preview()
    if state != "preview_queued":
        worked(shop.served)
        paid(order)
        worked(shop.served, but=job)
    assert order.state == state
    clock.turn(400)
    ran(shop.served, MEND, SweepOrder())
    assert order.state == state, "it is still being worked at"
    gone(order, job)
    ran(shop.served, MEND, SweepOrder())
    assert order.state == to and order.data["reason"] == "JOB_LOST"


def unmade(shop: Shop, clock: TurnableClock, seed: int, reason: str) -> Order:
    """A paid order whose book could not be made, for a reason."""
    order = shop.with_photos(picture(seed))
    paid(order)
    order.put("production_failed", reason=reason, updated_at=clock.now())
    gone(order, "petstory.produce")
    return order


def test_a_book_that_cannot_be_made_is_given_up(shop: Shop, clock: TurnableClock) -> None:
    """After days in vain the money goes back by itself, once, and the book is not made any more; not sooner."""
    order = unmade(shop, clock, 90, "BUDGET")
    clock.turn(71 * 3600)
    ran(shop.served, MEND, SweepOrder())
    assert refunds_of(order) == 0
    clock.turn(2 * 3600)
    ran(shop.served, MEND, SweepOrder())
    ran(shop.served, MEND, SweepOrder())
    assert refunds_of(order) == 1
    ran(shop.served, PRODUCE, OrderRef(order=order.id))
    assert order.state == "production_failed"


def test_a_book_is_tried_again_every_hour(shop: Shop, clock: TurnableClock) -> None:
    """Who was down for some hours is asked again, without anybody's doing, and the book is made."""
    order = unmade(shop, clock, 91, "BUSY")
    clock.turn(50 * 60)
    ran(shop.served, MEND, SweepOrder())
    worked(shop.served, but="petstory.send_mail")
    assert order.state == "production_failed"
    clock.turn(20 * 60)
    ran(shop.served, MEND, SweepOrder())
    worked(shop.served, but="petstory.send_mail")
    assert order.state == "produced"


def test_a_photo_that_is_wanted_is_waited_for(shop: Shop, clock: TurnableClock) -> None:
    """What only its customer can mend is not tried again; the days count from what the customer did last."""
    order = unmade(shop, clock, 92, "PHOTO_REFUSED")
    clock.turn(60 * 3600)
    order.change(tribute=False)
    clock.turn(60 * 3600)
    ran(shop.served, MEND, SweepOrder())
    worked(shop.served)
    assert order.state == "production_failed" and refunds_of(order) == 0
    clock.turn(20 * 3600)
    ran(shop.served, MEND, SweepOrder())
    assert refunds_of(order) == 1
