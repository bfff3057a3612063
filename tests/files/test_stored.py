"""A service's own files: given as answers, taken back at once, kept longer or shorter."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.files import photos
from tests.files.gallery import GALLERY
from tests.files.keeping import kept
from tests.files.test_downloads import key_of_another_tenant
from tests.house import Served

DATA = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def served(house: House, folder: Path) -> Iterator[Served]:
    with house(services=(GALLERY,), FILES__URL=folder.as_uri()) as running:
        yield running


def shown(served: Served, file: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.client.get(f"/api/v2/gallery/{file}", headers=named)


def test_a_route_gives_a_file(served: Served) -> None:
    """A route's file has its media type, is shown rather than saved where the route says so, and may be kept."""
    answer = served.client.post("/api/v2/gallery", files={"photo": ("Füße.heic", photos.saved(photos.plain(), "HEIF"))})
    told = answer.json()["data"]["pictures"][0]
    picture = shown(served, told["id"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["content-disposition"].startswith("inline; ")
    assert picture.headers["cache-control"] == "private, max-age=60"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert photos.upright(picture.content)


def test_ranges_conditions_and_head(served: Served) -> None:
    """Such a route answers Range, If-None-Match and HEAD as downloads do."""
    file = kept(served, DATA).ref.file_id
    whole = shown(served, file)
    assert (whole.status_code, whole.content) == (200, DATA)
    part = shown(served, file, range="bytes=5-9")
    assert (part.status_code, part.content) == (206, DATA[5:10])
    assert shown(served, file, if_none_match=whole.headers["etag"]).status_code == 304
    outside = shown(served, file, range=f"bytes={len(DATA)}-")
    problem(outside, 416, "RANGE_NOT_SATISFIABLE")
    head = served.client.head(f"/api/v2/gallery/{file}")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(DATA)))


def test_taken_back_at_once(served: Served) -> None:
    """A file that is revoked is gone for whoever has a link to it, and no other is."""
    gone, other = kept(served, DATA), kept(served, DATA)
    assert served.anonymous.get(gone.link).status_code == 200
    assert served.client.post(f"/api/v2/gallery/{gone.ref.file_id}/revoke").status_code == 200
    problem(served.anonymous.get(gone.link), 410, "FILE_GONE")
    assert served.anonymous.get(other.link).status_code == 200


def test_taken_back_stays_so(served: Served) -> None:
    """Revoking again does not change when it was, and no later time brings the file back."""
    file = kept(served, DATA)
    asked = f"/api/v2/gallery/{file.ref.file_id}"
    served.client.post(f"{asked}/revoke")
    before = row(served, file.ref.file_id)
    served.client.post(f"{asked}/revoke")
    served.client.post(f"{asked}/keep/30")
    assert row(served, file.ref.file_id) == before
    problem(served.anonymous.get(file.link), 410, "FILE_GONE")


def row(served: Served, file: object) -> tuple[object, ...]:
    return tuple(served.sql("SELECT expires_at, deleted_at FROM files WHERE id = $1", file)[0])


@pytest.mark.parametrize(("days", "status"), [(3, 200), (0, 410)])
def test_kept_longer_or_shorter(served: Served, days: int, status: int) -> None:
    """A file's time is prolonged or ended; a new link lives as long as the file does."""
    file = kept(served, DATA, expires_in=60)
    assert served.client.post(f"/api/v2/gallery/{file.ref.file_id}/keep/{days}").status_code == 200
    assert served.anonymous.get(file.link).status_code == status
    until = row(served, file.ref.file_id)[0]
    now = served.app.resources.clock.now()
    assert abs(until - now - timedelta(days=days)) < timedelta(seconds=60)  # type: ignore[operator]


def test_of_another_tenant(served: Served) -> None:
    """Neither reaches a file of another tenant."""
    file = kept(served, DATA)
    before = row(served, file.ref.file_id)
    with served.with_key(key_of_another_tenant(served)) as stranger:
        stranger.post(f"/api/v2/gallery/{file.ref.file_id}/revoke")
        stranger.post(f"/api/v2/gallery/{file.ref.file_id}/keep/30")
        problem(stranger.get(f"/api/v2/gallery/{file.ref.file_id}"), 404)
    assert row(served, file.ref.file_id) == before
