"""What customers are told before they begin, and the small pictures of what they have sent."""

from decimal import Decimal
from io import BytesIO

from PIL import Image

from esteio.services.petstory.schemas import STYLES
from esteio.services.petstory.thumbnails import EDGE
from tests.conftest import House
from tests.petstory.photos.samples import as_taken
from tests.petstory.shop import BASE, Shop, at_once, picture


def test_offer(house: House) -> None:
    """Everybody is told price, choices and bounds that orders are then held to, as the operator set them."""
    changes = {"PRICE": "51.90", "CURRENCY": "USD", "PHOTOS": "2", "PHOTO_BYTES": "70000", "BOOKS_DAYS": "30"}
    with house(**{f"PETSTORY__{name}": value for name, value in changes.items()}) as running:
        shop = Shop.at(running)
        answer = running.anonymous.get(f"{BASE}/offer")
        offer = answer.json()["data"]
        order = shop.begin()
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert (Decimal(offer["price"]), offer["currency"], offer["books_days"]) == (Decimal("51.90"), "USD", 30)
    assert (order.data["price"], order.data["currency"]) == (offer["price"], offer["currency"])
    assert offer["styles"] == [*STYLES] and offer["languages"] == ["pt-BR", "en", "es"]
    assert (offer["photos"]["most"], offer["photos"]["bytes"], offer["photos"]["side"]) == (2, 70000, 300)
    assert {"image/jpeg", "image/heic"} <= {*offer["photos"]["formats"]}
    assert offer["payable"] is False and offer["mailed"] is False


def test_small_photos(shop: Shop) -> None:
    """A photo's small picture is that photo, within 480 pixels, the same for all who ask at once, kept an hour."""
    order = shop.with_photos(as_taken("dog"))
    (photo,) = order.data["photos"]
    path = f"{order.path}/photos/{photo['id']}/thumbnail"
    answers = at_once(4, lambda _: shop.client.get(path))
    assert {answer.status_code for answer in answers} == {200} and len({answer.content for answer in answers}) == 1
    answer = answers[0]
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["cache-control"].startswith("private")
    with Image.open(BytesIO(answer.content)) as small:
        assert max(small.size) == EDGE
        assert abs(small.width / small.height - photo["width"] / photo["height"]) < 0.01
    assert shop.client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_small_photos_are_for_who_has_the_link(shop: Shop) -> None:
    """Nobody sees one by another order's link, by a void one, or once the photo was taken back, though it was kept."""
    order, other = shop.with_photos(picture(1), picture(2)), shop.begin()
    (first, _) = order.data["photos"]
    below = f"/photos/{first['id']}/thumbnail"
    assert order.ask("GET", below).status_code == 200
    assert other.ask("GET", below).status_code == 404
    assert order.ask("DELETE", f"/photos/{first['id']}").status_code == 204
    assert order.ask("GET", below).status_code == 404
    kept = f"/photos/{order.read()['photos'][0]['id']}/thumbnail"
    assert order.ask("GET", kept).status_code == 200
    shop.put(order.id, link=2)
    assert order.ask("GET", kept).status_code == 404
