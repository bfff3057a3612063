"""Previews: asked for, followed while they are drawn, looked at with a watermark; whole pictures after the payment."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.files.keeping import kept
from tests.petstory.shop import Order, Shop, picture

MARKED, WHOLE = b"a watermarked picture", b"a whole picture"


def arts_of(shop: Shop, order: UUID) -> list[dict[str, Any]]:
    found = shop.served.sql("SELECT * FROM petstory_arts WHERE order_id = $1 ORDER BY style", order)
    return [dict(row) for row in found]


def jobs_of(shop: Shop, order: UUID) -> int:
    found = shop.served.sql("SELECT count(*) FROM jobs WHERE payload->>'order' = $1", str(order))
    return int(found[0]["count"])


def drawn(shop: Shop, art: UUID) -> None:
    """The picture as the job that draws it leaves it."""
    whole, marked = kept(shop.served, WHOLE, name="art.png"), kept(shop.served, MARKED, name="preview.jpg")
    shop.served.sql(
        "UPDATE petstory_arts SET state = 'drawn', file_id = $2, preview_file_id = $3, width = 1, height = 1 "
        "WHERE id = $1",
        art,
        whole.ref.file_id,
        marked.ref.file_id,
    )


def previewed(shop: Shop, **members: Any) -> Order:
    """An order whose preview is drawn."""
    order = shop.with_photos(picture(1), picture(2), **members)
    order.preview()
    for art in arts_of(shop, order.id):
        drawn(shop, art["id"])
    order.put("preview_ready")
    return order


def test_asked(shop: Shop) -> None:
    """The first photo is drawn in each chosen style; how far it is, and when to ask again, is shown meanwhile."""
    order = shop.with_photos(picture(1), picture(2), styles=["line", "cartoon"])
    answer = order.ask("POST", "/preview")
    shown = order.took(answer, 202)
    assert shown["state"] == "preview_queued" and shown["progress"] == {"done": 0, "total": 2}
    assert int(answer.headers["retry-after"]) >= 1
    first = shown["photos"][0]["id"]
    assert [(art["photo_id"], art["style"], art["state"]) for art in shown["arts"]] == [
        (first, "line", "queued"),
        (first, "cartoon", "queued"),
    ]
    assert jobs_of(shop, order.id) == 2 and all(art["preview"] is None for art in shown["arts"])
    before = order.ask("GET").headers["etag"]
    drawn(shop, UUID(shown["arts"][0]["id"]))
    answer = order.ask("GET", headers={"If-None-Match": before})
    assert order.took(answer)["progress"] == {"done": 1, "total": 2} and "retry-after" in answer.headers
    order.put("preview_ready")
    assert "retry-after" not in order.ask("GET").headers and order.read()["progress"] is None


@pytest.mark.parametrize("state", ["draft", "preview_queued", "checkout_created", "paid", "delivered", "expired"])
def test_not_now(shop: Shop, state: str) -> None:
    """Without photos, twice at once, or after the checkout there is no preview; nothing is drawn then."""
    order = shop.begin()
    order.put(state)
    answer = order.ask("POST", "/preview")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "ORDER_STATE")
    assert jobs_of(shop, order.id) == 0 and shop.row(order.id)["version"] == 1


def test_no_photos(shop: Shop) -> None:
    """Who asks too early is told what comes first."""
    order = shop.begin()
    answer = order.ask("POST", "/preview")
    assert answer.status_code == 409 and "send one first" in answer.json()["detail"]


def test_drawn_before(shop: Shop) -> None:
    """What is drawn already is not drawn again: the preview is ready at once, and only a new style is missing."""
    order = previewed(shop)
    shown = order.preview()
    assert shown["state"] == "preview_ready" and jobs_of(shop, order.id) == 1
    assert shop.facts(order.id)[-2:] == ["order.preview_queued", "order.preview_ready"]
    order.change(styles=["line", "watercolour"])
    assert order.preview()["progress"] == {"done": 1, "total": 2} and jobs_of(shop, order.id) == 2


def test_a_refused_photo(shop: Shop) -> None:
    """A photo that cannot be drawn is not asked for again: another one is, and then the preview goes on."""
    order = previewed(shop)
    shop.served.sql("UPDATE petstory_arts SET state = 'refused' WHERE order_id = $1", order.id)
    order.put("preview_failed", reason="PHOTO_REFUSED")
    answer = order.ask("POST", "/preview")
    assert answer.status_code == 409 and "remove it" in answer.json()["detail"]
    assert order.ask("DELETE", f"/photos/{order.read()['photos'][0]['id']}").status_code == 204
    assert order.preview()["state"] == "preview_queued"


def test_looked_at(shop: Shop) -> None:
    """Before the payment the watermarked picture is shown and the whole one is not; after it both are."""
    order = previewed(shop)
    art = order.read()["arts"][0]
    marked = shop.client.get(art["preview"])
    assert marked.content == MARKED and "no-store" in marked.headers["cache-control"]
    for state in ("preview_ready", "checkout_created", "payment_pending", "expired", "refunded", "charged_back"):
        order.put(state)
        assert order.ask("GET", f"/arts/{art['id']}").status_code == 404, state
        assert order.read()["arts"][0]["picture"] is None, state
    for state in ("paid", "producing", "production_failed", "produced", "emailed", "email_failed", "delivered"):
        order.put(state)
        assert order.ask("GET", f"/arts/{art['id']}").content == WHOLE, state
        assert shop.client.get(order.read()["arts"][0]["picture"]).content == WHOLE, state


def test_other_customers(shop: Shop) -> None:
    """Pictures of another order are not found, nor those that are not drawn, nor any by a revoked link."""
    mine, theirs = previewed(shop), previewed(shop)
    art = theirs.read()["arts"][0]["id"]
    mine.put("paid")
    theirs.put("paid")
    for below in ("", "/preview"):
        assert mine.ask("GET", f"/arts/{art}{below}").status_code == 404
        assert mine.ask("GET", f"/arts/{uuid4()}{below}").status_code == 404
        assert theirs.ask("GET", f"/arts/{art}{below}").status_code == 200
    shop.put(theirs.id, link=2)
    for below in ("", "/preview"):
        assert theirs.ask("GET", f"/arts/{art}{below}").status_code == 404
    shop.served.sql("UPDATE petstory_arts SET file_id = NULL, preview_file_id = NULL WHERE order_id = $1", mine.id)
    own = mine.read()["arts"][0]
    assert own["preview"] is None and mine.ask("GET", f"/arts/{own['id']}/preview").status_code == 404


def test_with_its_photo(shop: Shop) -> None:
    """What was drawn from a photo goes with it, files and all."""
    order = previewed(shop)
    art = arts_of(shop, order.id)[0]
    order.ask("DELETE", f"/photos/{order.read()['photos'][0]['id']}")
    assert arts_of(shop, order.id) == [] and order.read()["arts"] == []
    found = shop.served.sql(
        "SELECT count(*) FROM files WHERE id = ANY ($1::uuid[]) AND deleted_at IS NOT NULL",
        [art["file_id"], art["preview_file_id"]],
    )
    assert found[0]["count"] == 2
