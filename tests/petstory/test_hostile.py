"""Customers who mean harm: what they hold up is their own."""

import select
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import House
from tests.files.photos import many_scans
from tests.house import Served
from tests.petstory.conftest import ROOMY
from tests.petstory.shop import Order, Shop, picture

FRAME = "a-frame"


def trickle(served: Served, order: Order, address: str) -> socket.socket:
    """An upload that has begun, and goes no further."""
    at = urlsplit(served.url)
    assert at.hostname is not None
    raw = socket.create_connection((at.hostname, at.port or 80), timeout=30, source_address=(address, 0))
    raw.sendall(
        f"POST {order.path}/photos HTTP/1.1\r\nhost: {at.netloc}\r\ncontent-length: 1000000\r\n"
        f"content-type: multipart/form-data; boundary={FRAME}\r\n\r\n--{FRAME}\r\n"
        'Content-Disposition: form-data; name="photos"; filename="a"\r\n\r\nx'.encode()
    )
    return raw


def refusal(raw: socket.socket) -> int:
    return int(raw.recv(65_536).split()[1])


def begun(served: Served, order: Order, address: str, number: int, open_ones: ExitStack) -> None:
    """So many uploads of the address that go on, and one more that is refused."""
    tried = [trickle(served, order, address) for _ in range(number + 1)]
    for raw in tried:
        open_ones.callback(raw.close)
    answered, _, _ = select.select(tried, [], [], 15)
    assert [refusal(raw) for raw in answered] == [503]


def test_uploads_that_never_end(house: House, tmp_path: Path) -> None:
    """One address holds a quarter of the places for uploads, all of them together no other operation."""
    bounds = {"HTTP__MAX_RUNNING": "14", "FILES__MAX_UPLOADS": "8", "FILES__URL": tmp_path.as_uri()}
    with house(**bounds, **ROOMY) as served, ExitStack() as open_ones:
        shop = Shop.at(served)
        order, mine = shop.begin(), shop.begin(email="eva@example.org")
        for address in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            begun(served, order, address, 2, open_ones)
        assert mine.upload(picture())["state"] == "photos_uploaded"
        begun(served, order, "127.0.0.5", 2, open_ones)
        begun(served, order, "127.0.0.6", 0, open_ones)
        assert mine.state == "photos_uploaded"


@pytest.mark.parametrize("address", ["127.0.0.2"])
def test_places_come_back(house: House, tmp_path: Path, address: str) -> None:
    """Who goes, is refused or is done leaves a place behind."""
    with house(FILES__MAX_UPLOADS="4", FILES__URL=tmp_path.as_uri(), **ROOMY) as served:
        order = Shop.at(served).begin()
        for number in range(3):
            trickle(served, order, address).close()
            assert order.send(b"no picture").status_code == 415
            order.upload(picture(number))


def test_drops(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that comes drop by drop is given up, however steadily the drops fall."""
    monkeypatch.setattr("esteio.http.multipart.STALLED", 2.0)
    with house(FILES__URL=tmp_path.as_uri(), **ROOMY) as served:
        raw = trickle(served, Shop.at(served).begin(), "127.0.0.2")
        for _ in range(150):
            if select.select([raw], [], [], 0.2)[0]:
                break
            raw.sendall(b"y")
        else:
            pytest.fail("drops are waited for")
        assert refusal(raw) == 400
        raw.close()


def test_a_picture_of_many_scans(house: House, tmp_path: Path) -> None:
    """A JPEG that is gone over thousands of times is refused by its scans, before any of them is decoded."""
    with house(FILES__URL=tmp_path.as_uri(), FILES__PICTURE_SECONDS="60", **ROOMY) as served:
        order = Shop.at(served).begin()
        answer = order.send(many_scans(101))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "PICTURE_TOO_COSTLY")
        order.upload(many_scans(90))
