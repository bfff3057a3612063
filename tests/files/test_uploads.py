"""Forms with files over HTTP: bounds, broken forms, slow and vanished clients, names."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.files import photos
from tests.files.gallery import GALLERY, MIB, WITHIN
from tests.files.wire import BOUNDARY, FORM, PLACE, form, part, photo, spools, talking
from tests.house import Served, eventually


@pytest.fixture(scope="module")
def served(gallery: Served) -> Served:
    return gallery


@pytest.fixture(autouse=True)
def nothing_stays(served: Served, folder: Path, temp: Path) -> Iterator[None]:
    """Whatever a test sends: no temporary file stays, open ones included, and as many objects come as rows do."""
    yield
    eventually(lambda: spools(temp) == 0)
    assert list(temp.iterdir()) == []
    rows = served.sql("SELECT count(*) FROM files")[0][0]
    eventually(lambda: len([path for path in folder.rglob("*") if path.is_file()]) == rows)


def post(served: Served, body: Any, content_type: str = FORM, **headers: str) -> httpx.Response:
    return served.client.post(PLACE, content=body, headers={"content-type": content_type, **headers}, timeout=60)


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_fields_and_files_in_their_order(served: Served) -> None:
    """A form's fields and pictures are read as they come, however its bytes are cut into pieces."""
    body = form(part('form-data; name="caption"', "Füße 犬".encode()), photo(), photo(name="b.jpg"))
    for size in (1, 7, 4096, len(body)):
        cut = (body[at : at + size] for at in range(0, len(body), size))
        found = told(post(served, cut if size != len(body) else body))
        assert found["fields"] == {"caption": "Füße 犬"}
        assert [picture["name"] for picture in found["pictures"]] == ["a.jpg", "b.jpg"]


def test_bytes_that_look_like_the_boundary(served: Served) -> None:
    """What only begins like a boundary belongs to the part."""
    near = b"\r\n--" + BOUNDARY[:-1] + b"\r\n--" + BOUNDARY + b"x\r\n\r\r\n--"
    body = form(part('form-data; name="near"', near))
    for size in (1, 3, len(body)):
        cut = (body[at : at + size] for at in range(0, len(body), size))
        assert told(post(served, cut))["fields"]["near"].encode() == near


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="\xff"',
        "",
    ],
)
def test_no_form(served: Served, content_type: str) -> None:
    """What is no form with a boundary is 415, before anything of it is read."""
    with talking(served, PLACE, {"content-type": content_type, "content-length": str(9 * MIB)}) as connection:
        assert connection.answer() == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_form(served: Served) -> None:
    """A form that says it is compressed is 415 before anything of it is read: it would be taken for something else."""
    head = {"content-type": FORM, "content-encoding": "gzip", "content-length": str(MIB)}
    with talking(served, PLACE, head) as connection:
        assert connection.answer() == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_too_large_by_its_announcement(served: Served) -> None:
    """A body that announces more than the route takes is 413 before anything of it is read."""
    with talking(served, PLACE, {"content-type": FORM, "content-length": str(32 * MIB)}) as connection:
        assert connection.answer() == (413, "PAYLOAD_TOO_LARGE")


def test_nobody(served: Served) -> None:
    """Who may not is told so before anything of the body is read."""
    head = {"content-type": FORM, "content-length": str(30 * MIB)}
    with talking(served, PLACE, head, key=None) as connection:
        assert connection.answer() == (401, "UNAUTHENTICATED")
    with talking(served, PLACE, head, key="wrong") as connection:
        assert connection.answer() == (401, "INVALID_CREDENTIALS")


def test_a_part_too_large_without_its_length(served: Served) -> None:
    """A picture that never ends is 413 as soon as it has passed its bound; the rest is not waited for."""
    with talking(served, PLACE, {"content-type": FORM, "transfer-encoding": "chunked"}) as connection:
        connection.chunks(iter([photo()[:-100], *[bytes(65_536)] * 159]))
        assert connection.is_silent()
        connection.chunks(iter([bytes(65_536)] * 2))
        assert connection.answer() == (413, "FORM_PART_TOO_LARGE")


def test_the_whole_too_large_without_its_length(served: Served) -> None:
    """Pictures that are each within their bound are 413 when together they pass the route's, and none is kept."""
    body = form(*[photo(photos.of_bytes(9 * MIB))] * 4)
    answer = post(served, (body[at : at + 65_536] for at in range(0, len(body), 65_536)))
    problem(answer, 413, "PAYLOAD_TOO_LARGE")


def test_a_field_too_large(served: Served) -> None:
    """A plain field has a bound of its own, since it is held in memory."""
    answer = post(served, form(part('form-data; name="caption"', b"x" * 1001)))
    assert problem(answer, 413, "FORM_PART_TOO_LARGE")["errors"][0]["field"] == "caption"
    assert len(told(post(served, form(part('form-data; name="caption"', b"x" * 1000))))["fields"]["caption"]) == 1000


def test_too_many_parts(served: Served) -> None:
    """More parts than there may be are refused, and what was taken before is taken back."""
    note = part('form-data; name="n"', b"1")
    assert "too many" in problem(post(served, form(photo(), *[note] * 4)), 400)["detail"]
    assert post(served, form(photo(), *[note] * 3)).status_code == 201


WHOLE = form(photo())
BROKEN = {
    "cut in a part": WHOLE[:200],
    "cut in a head": WHOLE[:40],
    "cut in the last boundary": WHOLE[:-6],
    "empty": b"",
    "no boundary": b"hello",
    "another boundary": WHOLE.replace(BOUNDARY, b"another"),
    "no disposition": b"--" + BOUNDARY + b"\r\nX: y\r\n\r\nz\r\n--" + BOUNDARY + b"--\r\n",
    "no name": form(part("form-data", b"x")),
    "an empty name": form(part('form-data; name=""', b"x")),
    "a name with NUL": form(part('form-data; name="a\x00b"', b"x")),
    "another disposition": form(part('attachment; name="x"', b"x")),
    "a long name": form(part(f'form-data; name="{"x" * 201}"', b"x")),
    "a long header": form(part('form-data; name="x"', b"x", "X-Long: " + "x" * 5000)),
    "many headers": form(part('form-data; name="x"', b"x", *[f"X-{n}: y" for n in range(9)])),
    "an encoding": form(part('form-data; name="x"', b"eA==", "Content-Transfer-Encoding: base64")),
    "a bad header": form(part('form-data; name="x"', b"x", "Bad Header: x")),
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_broken_forms(served: Served, broken: str) -> None:
    """A form that is cut off or malformed is 400, whether its length was announced or not."""
    problem(post(served, BROKEN[broken]), 400, "BAD_REQUEST")
    problem(post(served, iter([BROKEN[broken]])), 400, "BAD_REQUEST")


def test_text_that_is_none(served: Served) -> None:
    """A plain field that is no text is refused by its name."""
    for data in (b"\xff\xfe", b"a\x00b"):
        answer = post(served, form(part('form-data; name="caption"', data)))
        assert problem(answer, 422, "FORM_TEXT")["errors"][0]["field"] == "caption"


NAMES = {
    'filename="../../../etc/passwd"': "passwd",
    'filename="/etc/cron.d/x"': "x",
    'filename="..\\\\..\\\\windows\\\\x.jpg"': "x.jpg",
    'filename="C:\\\\photos\\\\Rex.jpg"': "Rex.jpg",
    'filename=".."': "",
    'filename="."': "",
    'filename=""': "",
    'filename="a\x00b.jpg"': "ab.jpg",
    'filename="a\x01\x7fb\u202egpj.exe"': "abgpj.exe",
    'filename="Füße 犬.jpg"': "Füße 犬.jpg",
    "filename=\"x.jpg\"; filename*=UTF-8''F%C3%BC%C3%9Fe.jpg": "Füße.jpg",
    "filename=\"x.jpg\"; filename*=UTF-8''..%2F..%2Fy%00.jpg": "y.jpg",
    "filename=\"x.jpg; filename*=UTF-8''evil\"": "x.jpg; filename*=UTF-8''evil",
    "filename*=UTF-8''only.jpg": "only.jpg",
    'filename="%2e%2e%2fx"': "%2e%2e%2fx",
    'filename="a\\"b.jpg"': 'a"b.jpg',
    f'filename="{"x" * 500}"': "x" * 200,
}


@pytest.mark.parametrize("named", list(NAMES))
def test_names_are_text(served: Served, folder: Path, named: str) -> None:
    """A file's name is kept as a short plain text, and is never where anything is written."""
    before = {path for path in folder.rglob("*") if path.is_file()}
    body = form(part(f'form-data; name="photo"; {named}', photos.saved(photos.plain())))
    assert told(post(served, body))["pictures"][0]["name"] == NAMES[named]
    written = {path for path in folder.rglob("*") if path.is_file()} - before
    assert len(written) == 1
    assert re.fullmatch(r"[0-9a-f-]{36}/[0-9a-f-]{36}", str(written.pop().relative_to(folder)))


def test_names_of_many_quotes(served: Served) -> None:
    """A name that is written to take long to read takes no time."""
    heads = ['"' + '\\"' * 1900, ";" * 3900, '"' * 3900, "; filename*=" * 300, "\\" * 3900]
    for head in heads:
        body = form(*[part(f'form-data; name="x"; filename={head}', b"x")] * 4)
        began = time.process_time()
        assert post(served, body).status_code in (201, 400, 415)
        assert time.process_time() - began < 1.0


@pytest.mark.parametrize("announced", [True, False])
def test_a_client_that_vanishes(served: Served, temp: Path, announced: bool) -> None:
    """An upload that breaks off within a picture, after another was taken, leaves neither of them."""
    size = {"content-length": str(9 * MIB)} if announced else {"transfer-encoding": "chunked"}
    begun = photo() + photo(photos.saved(photos.plain()) + bytes(2 * MIB))[:-MIB]
    with talking(served, PLACE, {"content-type": FORM, **size}) as connection:
        connection.send(begun if announced else b"%x\r\n%s\r\n" % (len(begun), begun))
        eventually(lambda: spools(temp) > 0)
    eventually(lambda: spools(temp) == 0)
    assert served.sql("SELECT count(*) FROM files WHERE created_at > now() - interval '1 second'") is not None


def test_a_slow_client(served: Served, temp: Path) -> None:
    """A client that sends a byte at a time is cut off by the route's time budget, and others are served meanwhile."""
    began = time.monotonic()
    with talking(served, f"{PLACE}/patiently", {"content-type": FORM, "content-length": str(MIB)}) as connection:
        connection.send(photo()[:-100])
        eventually(lambda: spools(temp) > 0)
        assert told(post(served, form(photo())))["pictures"]
        assert connection.answer() == (504, "TIMED_OUT")
    assert WITHIN - 1 < time.monotonic() - began < 3 * WITHIN


def test_a_disk_without_room(house: House, tmp_path: Path) -> None:
    """Where little is left, uploads are 507 before anything of them is read, and nothing is written."""
    store, temp = tmp_path / "store", tmp_path / "temp"
    bounds = {"FILES__FREE_WARN_BYTES": str(1 << 60), "FILES__FREE_REFUSE_BYTES": str(1 << 60)}
    with house(services=(GALLERY,), FILES__URL=store.as_uri(), FILES__TEMP_DIR=str(temp), **bounds) as narrow:
        with talking(narrow, PLACE, {"content-type": FORM, "content-length": str(MIB)}) as connection:
            assert connection.answer() == (507, "INSUFFICIENT_STORAGE")
        with talking(narrow, PLACE, {"content-type": FORM, "transfer-encoding": "chunked"}) as connection:
            assert connection.answer() == (507, "INSUFFICIENT_STORAGE")
        assert narrow.client.get("/api/v2/health").json()["data"]["status"] == "ok"
    assert not store.exists()
    assert not temp.exists()
