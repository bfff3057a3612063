"""A hundred megabytes through each proxy: taken where that is agreed, refused where it is not, kept by neither."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from tests.deploy.proxies.conftest import Deployment
from tests.deploy.proxies.front import Front
from tests.deploy.proxies.test_front import caller, problem
from tests.petstory.photos.samples import jpeg

ORDERS = "/api/v2/petstory/orders"
REX = {"email": "maria@example.org", "pet_name": "Rex", "words": "He loves the sea."}
COMMENT = b"\xff\xfe\xff\xff" + b"x" * 65_533


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with caller(front, timeout=120) as one:
        yield one


def photo(number: int, size: int = 26_000_000) -> bytes:
    """A small picture in a large file: most of it is comments, as some cameras and programs write them."""
    drawn = jpeg(Image.new("RGB", (640, 480), (number * 40, 90, 160)))
    return drawn[:2] + COMMENT * (size // len(COMMENT)) + drawn[2:]


def order(client: httpx.Client) -> str:
    """The address of the photos of a new order."""
    answer = client.post(ORDERS, json=REX)
    assert answer.status_code == 201, answer.text
    return f"{ORDERS}/{answer.json()['data']['link'].rpartition('/')[2]}/photos"


def test_a_hundred_megabytes_are_taken_where_agreed(front: Front, client: httpx.Client, deployment: Deployment) -> None:
    """Four photos of 26 MB in one form arrive, never on the proxy's disk, and others are served meanwhile."""
    files = [("photos", (f"{number}.jpg", photo(number), "image/jpeg")) for number in range(4)]
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(client.post, order(client), files=files)
        served = 0
        while not sending.done():
            with caller(front) as other:
                assert other.get("/health").status_code == 200
            served += 1
    answer = sending.result()
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["data"]["photos"]) == 4 and served > 0
    assert "buffered to a temporary file" not in front.said


def test_more_than_the_house_takes_is_refused_in_its_words(client: httpx.Client) -> None:
    """A photo beyond ESTEIO_PETSTORY__PHOTO_BYTES passes the proxy and is refused by the API: its 413 arrives."""
    files = [("photos", ("large.jpg", photo(1, 40_000_000), "image/jpeg"))]
    problem(client.post(order(client), files=files), 413, "FORM_PART_TOO_LARGE")


def test_more_than_the_proxy_takes_is_refused_by_it(client: httpx.Client) -> None:
    """A hundred megabytes for an operation with a small body: the proxy's 413, to a client that sends all of it too."""
    answer = client.post("/api/v2/pets", content=b" " * 100_000_000, headers={"Content-Type": "application/json"})
    problem(answer, 413, "PAYLOAD_TOO_LARGE")
