"""Photos of an order over HTTP: all of a form or nothing, as many as an order may have, for nobody else's eyes."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served, eventually
from tests.petstory.conftest import ROOMY
from tests.petstory.photos.samples import as_taken
from tests.petstory.shop import ORDERS, Order, Shop, at_once, picture

BOUNDARY = "a-boundary-of-this-test"
WITHOUT_BODY = 20.0
"""Seconds in which a refusal must come whose body is never sent."""


def objects(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_taken(shop: Shop, files: Path) -> None:
    """Photos are kept in their order as upright JPEGs without metadata, and shown to who has the link."""
    order, before = shop.begin(), objects(files)
    answer = order.send(as_taken("dog"), picture(2), name="../../etc/passwd\x00.exe")
    shown = order.took(answer, 201)
    assert shown["state"] == "photos_uploaded" and [one["position"] for one in shown["photos"]] == [1, 2]
    assert shown["version"] == 2 and shop.facts(order.id) == ["order.draft", "order.photos_uploaded"]
    assert len(objects(files) - before) == 2
    photo = shown["photos"][0]
    answer = order.ask("GET", f"/photos/{photo['id']}")
    assert answer.headers["content-type"] == "image/jpeg" and "no-store" in answer.headers["cache-control"]
    assert len(answer.content) == photo["size"]
    with Image.open(BytesIO(answer.content)) as image:
        assert image.size == (photo["width"], photo["height"]) and not image.getexif()
    part = order.ask("GET", f"/photos/{photo['id']}", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, answer.content[:10])


def test_all_or_nothing(shop: Shop, files: Path) -> None:
    """One file that is no picture, and nothing of its form is kept, wherever it stands."""
    order, before = shop.begin(), objects(files)
    page = b"<html><script>alert(1)</script></html>"
    for pictures, status in (
        ((picture(1), page), 415),
        ((page, picture(1)), 415),
        ((picture(1), picture(2)[:-40], picture(3)), 422),
        ((picture(1), b""), 422),
    ):
        answer = order.send(*pictures)
        assert answer.status_code == status, answer.text
        assert answer.json()["errors"][0]["field"].startswith("photos/")
        assert objects(files) == before and order.read()["photos"] == []
    assert order.state == "draft"


def test_the_eleventh(shop: Shop, files: Path) -> None:
    """Ten photos and no more; a form with one too many is refused whole, and a full order before its body is read."""
    order = shop.begin()
    order.upload(*(picture(number) for number in range(9)))
    before = objects(files)
    assert code_of(order.send(picture(20), picture(21))) == (409, "TOO_MANY_PHOTOS")
    assert objects(files) == before and len(order.read()["photos"]) == 9
    assert [one["position"] for one in order.upload(picture(20))["photos"]] == [*range(1, 11)]
    assert code_of(order.send(picture(21))) == (409, "TOO_MANY_PHOTOS")
    assert refused_unread(shop, order.path) == 409
    order.ask("DELETE", f"/photos/{order.data['photos'][0]['id']}")
    assert len(order.upload(picture(21))["photos"]) == 10


def test_the_same_twice(shop: Shop, files: Path) -> None:
    """Equal bytes are kept once in an order, within a form and over several, and another order has its own."""
    order, before = shop.begin(), objects(files)
    assert len(order.upload(picture(5), picture(5), picture(6))["photos"]) == 2
    version = order.data["version"]
    shown = order.upload(picture(6))
    assert len(shown["photos"]) == 2 and shown["version"] == version
    assert len(objects(files) - before) == 2
    assert len(shop.with_photos(picture(5)).data["photos"]) == 1
    assert len(objects(files) - before) == 3


@pytest.mark.parametrize(
    "state", ["preview_queued", "checkout_created", "payment_pending", "paid", "producing", "delivered", "expired"]
)
def test_states_that_take_none(shop: Shop, state: str) -> None:
    """An order that is past its photos takes none, says so before the body is read, and lets none go."""
    order = shop.with_photos()
    order.put(state)
    assert code_of(order.send(picture(2))) == (409, "ORDER_STATE")
    assert refused_unread(shop, order.path) == 409
    assert code_of(order.ask("DELETE", f"/photos/{order.data['photos'][0]['id']}")) == (409, "ORDER_STATE")
    assert len(order.read()["photos"]) == 1


def test_no_form(shop: Shop) -> None:
    """What is no form with photos is refused in words."""
    order = shop.begin()
    assert order.ask("POST", "/photos", json={"photos": []}).status_code == 415
    assert order.ask("POST", "/photos", content=picture(), headers={"content-type": "image/jpeg"}).status_code == 415
    assert order.ask("POST", "/photos", files=[("picture", ("a.jpg", picture()))]).status_code == 422
    assert order.ask("POST", "/photos", files=[("photos", (None, b"text"))]).status_code == 422
    empty = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert order.ask("POST", "/photos", content=f"--{BOUNDARY}--\r\n".encode(), headers=empty).status_code in (400, 422)
    assert order.state == "draft"


@pytest.mark.parametrize("state", ["preview_ready", "preview_failed"])
def test_after_a_preview(shop: Shop, state: str) -> None:
    """Another photo, or one less, sends a previewed order back to its photos."""
    order = shop.with_photos(picture(1), picture(2))
    order.put(state)
    assert order.upload(picture(3))["state"] == "photos_uploaded"
    order.put(state)
    assert order.ask("DELETE", f"/photos/{order.data['photos'][2]['id']}").status_code == 204
    assert order.state == "photos_uploaded"


@pytest.mark.parametrize("state", ["photos_uploaded", "preview_ready", "preview_failed"])
def test_taken_back(shop: Shop, state: str) -> None:
    """A photo that is taken back is seen by nobody any more; without the last one the order is a draft again."""
    order = shop.with_photos(picture(1), picture(2))
    order.put(state)
    first, second = (one["id"] for one in order.data["photos"])
    assert order.ask("DELETE", f"/photos/{first}").status_code == 204
    assert [one["id"] for one in order.read()["photos"]] == [second]
    assert order.ask("GET", f"/photos/{first}").status_code == 404
    assert order.ask("DELETE", f"/photos/{first}").status_code == 404
    revoked = shop.served.sql("SELECT count(*) FROM files WHERE deleted_at IS NOT NULL AND name = 'photo.jpg'")
    assert revoked[0]["count"] >= 1
    order.put(state)
    assert order.ask("DELETE", f"/photos/{second}").status_code == 204
    assert order.state == "draft"


def test_other_customers(shop: Shop) -> None:
    """Nobody reaches a photo through the link of another order, nor with a link that was revoked."""
    mine, theirs = shop.with_photos(), shop.with_photos()
    photo = theirs.data["photos"][0]["id"]
    for method in ("GET", "DELETE"):
        strange, none = mine.ask(method, f"/photos/{photo}"), mine.ask(method, f"/photos/{uuid4()}")
        assert strange.status_code == none.status_code == 404
        assert strange.json()["detail"] == none.json()["detail"]
    theirs.shop.put(theirs.id, link=2)
    assert theirs.ask("GET", f"/photos/{photo}").status_code == 404
    assert theirs.send(picture(9)).status_code == 404
    assert refused_unread(shop, theirs.path) == 404
    assert refused_unread(shop, f"{ORDERS}/nothing") == 404


def refused_unread(shop: Shop, path: str) -> int:
    """The status of a form that was announced and never sent."""
    url = httpx.URL(shop.served.url)
    calling = http.client.HTTPConnection(url.host, url.port, timeout=WITHOUT_BODY)
    try:
        calling.putrequest("POST", f"{path}/photos")
        calling.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        calling.putheader("Content-Length", "100000")
        calling.endheaders()
        return calling.getresponse().status
    finally:
        calling.close()


def test_too_large(shop: Shop) -> None:
    """A form that announces more than the photos of an order may have is refused before it is read."""
    order = shop.begin()
    url = httpx.URL(shop.served.url)
    calling = http.client.HTTPConnection(url.host, url.port, timeout=WITHOUT_BODY)
    calling.putrequest("POST", f"{order.path}/photos")
    calling.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    calling.putheader("Content-Length", str(10 * 10 * 1_048_576 + 2 * 1_048_576))
    calling.endheaders()
    assert calling.getresponse().status == 413
    calling.close()
    assert code_of(order.send(b"\xff\xd8\xff" + bytes(10 * 1_048_576)))[0] == 413


@contextmanager
def half_sent(shop: Shop, order: Order, *, complete: int) -> Iterator[socket.socket]:
    """A connection that has sent so many whole photos of a form, and half of another."""
    whole = [_part(picture(number)) for number in range(complete)]
    body = b"".join(whole) + _part(picture(50))[:200]
    head = (
        f"POST {order.path}/photos HTTP/1.1\r\nHost: api.example.org\r\nContent-Length: 1000000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    url = httpx.URL(shop.served.url)
    with socket.create_connection((url.host, url.port), timeout=30) as calling:
        calling.sendall(head.encode() + body)
        yield calling


def _part(data: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    return head.encode() + data + b"\r\n"


def test_broken_off(shop: Shop, files: Path) -> None:
    """Of a form that breaks off in its third photo nothing stays, and while it comes nobody waits for it."""
    order, before = shop.begin(), objects(files)
    with half_sent(shop, order, complete=2):
        eventually(lambda: len(objects(files) - before) == 2)
        assert order.change(words="meanwhile")["version"] == 2
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = $1"
        name = shop.served.database_url.rpartition("/")[2].partition("?")[0]
        assert shop.served.sql(idle, name)[0]["count"] == 0
    eventually(lambda: objects(files) == before)
    assert order.read()["photos"] == []


def test_forms_at_once(shop: Shop, files: Path) -> None:
    """However many forms come at once, an order has ten photos at most, and the store no other objects."""
    order, before = shop.begin(), objects(files)
    answers = at_once(4, lambda number: order.send(*(picture(10 * number + one) for one in range(4))))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert len(order.read()["photos"]) == 8
    eventually(lambda: len(objects(files) - before) == 8)


def test_photos_of_an_address(house: House, clock: TurnableClock, tmp_path: Path) -> None:
    """An address sends as many photos an hour as the settings say: over all its orders, at once, taken back or not."""
    changes = {"PETSTORY__UPLOADS_EMAIL": "3", "LIMITS__ENABLED": "false", "FILES__URL": tmp_path.as_uri()}
    changes |= {"FILES__MAX_UPLOADS": "24", "PETSTORY__PHOTO_SIDE": "1"}
    with house(clock=clock, **changes) as served:
        shop = Shop.at(served)
        orders = [shop.begin(), shop.begin()]
        answers = at_once(6, lambda number: orders[number % 2].send(picture(number)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 3
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert (code_of(refused)[1], refused.headers["retry-after"]) == ("UPLOADS_EXHAUSTED", "3600")
        for order in orders:
            for photo in order.read()["photos"]:
                order.ask("DELETE", f"/photos/{photo['id']}")
        clock.turn(1800)
        assert refused_unread(shop, orders[0].path) == 429
        assert orders[0].send(picture(7)).headers["retry-after"] == "1800"
        assert shop.begin(email="eva@example.org").send(picture(8)).status_code == 201
        clock.turn(1800)
        assert orders[0].send(picture(1), picture(2), picture(3), picture(4)).status_code == 429
        orders[0].upload(picture(1), picture(2), picture(3))


def test_no_room(house: House, tmp_path: Path) -> None:
    """With too little room on the disk photos are refused before they are read: 507."""
    full = str(2**62)
    changes = {"FILES__FREE_REFUSE_BYTES": full, "FILES__FREE_WARN_BYTES": full, "FILES__URL": tmp_path.as_uri()}
    with house(LIMITS__ENABLED="false", **changes) as served:
        shop = Shop.at(served)
        order = shop.begin()
        assert code_of(order.send(picture())) == (507, "INSUFFICIENT_STORAGE")
        assert refused_unread(shop, order.path) == 507
        assert objects(tmp_path) == set()


def _refuse(shop: Shop, order: Order, photo: str) -> None:
    shop.served.sql(
        "INSERT INTO petstory_arts (id, order_id, photo_id, style, stage, state, photo_sha256, cost, created_at, "
        "tenant_id, tries) SELECT gen_random_uuid(), order_id, id, 'line', 'production', 'refused', sha256, 0, "
        "created_at, tenant_id, 1 FROM petstory_photos WHERE id = $1",
        photo,
    )


def test_another_instead(shop: Shop) -> None:
    """Where a photo of a paid order could not be drawn, just that one is replaced, and then the book is tried again."""
    order = shop.with_photos(picture(1), picture(2))
    first, second = (one["id"] for one in order.data["photos"])
    _refuse(shop, order, second)
    order.put("production_failed")
    assert code_of(order.send(picture(3))) == (409, "ORDER_STATE")
    assert code_of(order.ask("DELETE", f"/photos/{first}")) == (409, "ORDER_STATE")
    assert order.ask("DELETE", f"/photos/{second}").status_code == 204
    assert code_of(order.send(picture(3), picture(4))) == (409, "TOO_MANY_PHOTOS")
    jobs = "SELECT count(*) FROM jobs WHERE name = 'petstory.produce' AND unique_key LIKE '%' || $1"
    assert shop.served.sql(jobs, str(order.id))[0]["count"] == 0
    shown = order.upload(picture(3))
    assert (shown["state"], len(shown["photos"])) == ("production_failed", 2)
    assert shop.served.sql(jobs, str(order.id))[0]["count"] == 1
    assert code_of(order.send(picture(4))) == (409, "ORDER_STATE")


def test_a_house_that_limits_addresses(house: House, tmp_path: Path) -> None:
    """So many forms an hour come from one address; what is refused counts too."""
    with house(FILES__URL=tmp_path.as_uri()) as served:
        order = Shop.at(served).begin()
        came = [served.anonymous.post(f"{order.path}/photos").status_code for _ in range(61)]
        assert came == [415] * 60 + [429]


def test_limited(served: Served) -> None:
    """Every operation of customers is limited by address, and none shares answers between callers without a name."""
    found = [one for one in served.app.table if one.path.startswith(ORDERS) and one.rules.permission is None]
    assert len(found) >= 10
    for operation in found:
        limits = operation.rules.anonymous_limits or operation.rules.limits
        assert limits and all(name.startswith("petstory.") for name in limits), operation.path
        assert not operation.rules.idempotent, operation.path


def test_unpaid_photos_are_bounded(house: House, clock: TurnableClock, files: Path) -> None:
    """What is kept for orders that nobody has paid has a bound, whoever sends it: beyond it a photo is a 507."""
    noise = BytesIO()
    Image.effect_noise((1200, 1200), 120).convert("RGB").save(noise, "JPEG", quality=95)
    with house(clock=clock, FILES__URL=files.as_uri(), PETSTORY__UNPAID_BYTES="1048576", **ROOMY) as served:
        shop = Shop.at(served)
        order = shop.with_photos(noise.getvalue())
        refused = shop.begin().send(noise.getvalue())
        assert refused.status_code == 507, refused.text
        order.put("paid")
        shop.with_photos(noise.getvalue())


def test_a_photo_too_small_to_print_is_refused(house: House, files: Path) -> None:
    """What would be a blot on paper is refused with what is needed; nothing of it is kept."""
    with house(FILES__URL=files.as_uri(), **{**ROOMY, "PETSTORY__PHOTO_SIDE": "300"}) as served:
        order, before = Shop.at(served).begin(), objects(files)
        refused = order.send(picture(3, (299, 900)))
        assert refused.status_code == 422 and code_of(refused)[1] == "PICTURE_TOO_SMALL", refused.text
        assert refused.json()["errors"][0]["field"] == "photos/0" and "300" in refused.json()["errors"][0]["message"]
        assert objects(files) == before
        order.upload(picture(3, (300, 900)))
