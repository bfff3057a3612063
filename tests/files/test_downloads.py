"""Files by their links, over HTTP."""

import asyncio
import hashlib
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from esteio.base.clock import SystemClock, TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.embedded.engines import Engines
from esteio.files.errors import FileGone
from esteio.resources import open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from tests.cli.command import serving
from tests.conftest import House
from tests.contract.problems import problem
from tests.files.keeping import Kept, keep_in, kept
from tests.house import Served, environment, eventually

DATA = bytes(range(256)) * 1200
SIZE = len(DATA)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def file(served: Served) -> Kept:
    return kept(served, DATA, name='Ração "nova"; 2026.csv')


def get(served: Served, file: Kept, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.anonymous.get(file.link, headers=named)


def test_the_whole_file(served: Served, file: Kept) -> None:
    """A link gives the file to whoever has it, as an attachment under its name, with length and SHA-256 as its tag."""
    answer = get(served, file)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Ra__o _nova__ 2026.csv\"; filename*=UTF-8''Ra%C3%A7%C3%A3o%20%22nova%22%3B%202026.csv"
    )
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_head(served: Served, file: Kept) -> None:
    """HEAD has the headers of GET and no body."""
    whole, head = get(served, file), served.anonymous.head(file.link)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=300000-", 300_000, SIZE),
        ("bytes=300000-99999999999", 300_000, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        ("bytes=-99999999999", 0, SIZE),
        ("Bytes = 5-9", 5, 10),
    ],
)
def test_a_range(served: Served, file: Kept, asked: str, start: int, end: int) -> None:
    """A range is answered 206 with just its bytes and says where they lie."""
    answer = get(served, file, range=asked)
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=", "bytes=-", "lines=0-1", "bytes=a-b", "5-9"])
def test_a_range_that_is_not_understood(served: Served, file: Kept, asked: str) -> None:
    """Several ranges, other units and what cannot be read are answered with the whole file, as RFC 9110 allows."""
    answer = get(served, file, range=asked)
    assert (answer.status_code, answer.content) == (200, DATA)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=99999999-99999999", "bytes=-0"])
def test_a_range_outside_of_the_file(served: Served, file: Kept, asked: str) -> None:
    """A range without any byte of the file is 416 and says how large the file is."""
    answer = get(served, file, range=asked)
    problem(answer, 416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


def test_an_empty_file(served: Served) -> None:
    """A file without bytes is answered whole, and no range lies in it."""
    empty = kept(served, b"")
    assert (get(served, empty).status_code, get(served, empty).content) == (200, b"")
    assert get(served, empty, range="bytes=0-").status_code == 416


def test_going_on_after_a_break(served: Served, file: Kept) -> None:
    """`If-Range` with the file's tag gives the rest; with any other tag, or a date, the whole."""
    tag = get(served, file).headers["etag"]
    assert get(served, file, range="bytes=100-", if_range=tag).content == DATA[100:]
    for other in ('"another"', f"W/{tag}", "*", "Sun, 22 Nov 2026 05:06:08 GMT"):
        assert get(served, file, range="bytes=100-", if_range=other).status_code == 200


def test_a_copy_that_is_current(served: Served, file: Kept) -> None:
    """`If-None-Match` with the file's tag is answered 304 without its bytes."""
    answer = get(served, file, if_none_match=get(served, file).headers["etag"])
    assert (answer.status_code, answer.content) == (304, b"")


def test_an_altered_link(served: Served, file: Kept) -> None:
    """A link that differs in any one character is the same 404 as one that never was."""
    base, _, token = file.link.rpartition("/")
    never = seen(served.anonymous.get(f"{base}/never-was"))
    for place in range(len(token)):
        other = ALPHABET[(ALPHABET.index(token[place]) + 1) % 64]
        answer = served.anonymous.get(f"{base}/{token[:place]}{other}{token[place + 1 :]}")
        assert seen(answer) == never, place
    for altered in (token[:-1], token + "A", token + "=", token[:40]):
        assert seen(served.anonymous.get(f"{base}/{altered}")) == never


def seen(answer: httpx.Response) -> tuple[int, bytes]:
    """The answer without what names the request."""
    body = re.sub(rb'"(timestamp|request_id|trace_id|instance)":"[^"]*"', b"", answer.content)
    return answer.status_code, body


def test_credentials_of_another_tenant(served: Served, file: Kept) -> None:
    """Whoever says to be of another tenant finds nothing; of the own tenant, or nobody, the file."""
    never = seen(served.client.get("/api/v2/files/never-was"))
    with served.with_key(key_of_another_tenant(served)) as stranger:
        assert seen(stranger.get(file.link)) == never
    assert served.client.get(file.link).content == DATA


def key_of_another_tenant(served: Served) -> str:
    slug = f"t{uuid4().hex[:12]}"
    admin = {"email": f"boss@{slug}.example", "name": "Boss", "password": "correct horse battery"}
    assert served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": admin}).status_code == 201
    login = {"email": admin["email"], "password": admin["password"]}
    token = served.anonymous.post("/api/v2/auth/login", json=login).json()["data"]["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = served.anonymous.post("/api/v2/keys", json={"name": "key", "scopes": ["*"]}, headers=headers)
    key: str = made.json()["data"]["key"]
    return key


def test_a_link_of_another_secret(served: Served, file: Kept, house: House, folder: Path) -> None:
    """A link that another deployment signed is unknown here, though file and tenant are the same."""
    with house(FILES__URL=folder.as_uri(), SECRET_KEY="another secret of another house " * 2) as other:
        assert other.anonymous.get(file.link).status_code == 404


def test_a_deleted_file(served: Served) -> None:
    """A file that was deleted is gone at once, also for a link that was made before, purged or not."""
    for change in ("UPDATE files SET deleted_at = now() WHERE id = $1", "DELETE FROM files WHERE id = $1"):
        file = kept(served, b"x")
        assert get(served, file).status_code == 200
        served.sql(change, file.ref.file_id)
        problem(get(served, file), 410, FileGone.code)


def test_an_object_that_is_lost(served: Served, folder: Path) -> None:
    """Where the store has lost an object the answer is a plain refusal, before anything of a file is said."""
    file = kept(served, b"x")
    (folder / file.key).unlink()
    problem(get(served, file), 404)


def test_time(house: House, tmp_path: Path) -> None:
    """A link ends after `link_seconds`, and never later than its file; then it is 410 in words that help."""
    clock = TurnableClock()
    with house(clock=clock, FILES__URL=tmp_path.as_uri(), FILES__LINK_SECONDS="600") as served:
        lasting, short = kept(served, b"a"), kept(served, b"b", expires_in=60)
        clock.turn(59)
        assert (get(served, lasting).content, get(served, short).content) == (b"a", b"b")
        clock.turn(1)
        problem(get(served, short), 410, FileGone.code)
        clock.turn(539)
        assert get(served, lasting).status_code == 200
        clock.turn(1)
        assert "read the task again" in problem(get(served, lasting), 410, FileGone.code)["detail"]
        again = served.app.resources.files.links.address(DEFAULT_TENANT, lasting.ref.file_id, lasting.ref.expires_at)
        assert again is not None
        assert served.anonymous.get(again).content == b"a"


def test_anonymous_callers_are_limited(served: Served, file: Kept) -> None:
    """Whoever has no credentials fetches at most 120 times a minute from one address."""

    def refused() -> bool:
        answer = get(served, file, range="bytes=0-0")
        assert answer.status_code in (206, 429)
        return answer.status_code == 429

    eventually(refused)
    assert served.client.get(file.link).status_code == 200


@pytest.fixture
def large(house: House, tmp_path: Path) -> Iterator[tuple[Served, Kept]]:
    """A house whose handlers may take 0.4 s, and a file of 64 MiB."""
    with house(
        FILES__URL=tmp_path.as_uri(), HTTP__TIME_BUDGET="0.4", HTTP__MAX_RUNNING="1", FILES__MAX_DOWNLOADS="2"
    ) as served:
        yield served, kept(served, DATA * 220)


def opened(url: str, file: Kept) -> socket.socket:
    """A request for the file by a client that has not read anything yet."""
    host, _, port = url.removeprefix("http://").partition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.settimeout(30)
    client.connect((host, int(port)))
    client.sendall(f"GET {file.link} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return client


def test_a_slow_client(large: tuple[Served, Kept]) -> None:
    """A download that takes longer than the time budget is not cut, holds up nobody, and keeps the server's memory."""
    served, file = large
    with opened(served.url, file) as first:
        head = first.recv(1000)
        assert head.startswith(b"HTTP/1.1 200 OK")
        asyncio.run(asyncio.sleep(1.0))  # the promise is about time: more than twice the budget
        assert served.anonymous.get("/api/v2/pets").status_code == 200
        assert sha256_of(first, head) == file.ref.sha256


def sha256_of(client: socket.socket, head: bytes) -> str:
    """Of the answer's body, whose beginning was read already."""
    digest = hashlib.sha256(head.partition(b"\r\n\r\n")[2])
    while piece := client.recv(1_048_576):
        digest.update(piece)
    return digest.hexdigest()


def test_the_end_of_the_process(
    free_port: int, new_database: Callable[[], str], engines: Engines, tmp_path: Path
) -> None:
    """A process that is told to end lets its downloads end first, and takes no new ones."""
    changes = {"FILES__URL": tmp_path.as_uri(), "HTTP__DRAIN_SECONDS": "30"}
    given = environment(new_database(), engines.redis_url, **changes)

    async def put() -> Kept:
        async with open_resources(
            make_resources(read_settings(sections(SHIPPED), environ=given), SystemClock())
        ) as own:
            return await keep_in(own, DATA * 220)

    file = asyncio.run(put())
    with serving(free_port, environment=given) as server, opened(server.url, file) as client:
        head = client.recv(1000)
        assert head.startswith(b"HTTP/1.1 200 OK")
        server.signal(signal.SIGTERM)
        eventually(lambda: server.status("/livez") == 0)
        assert sha256_of(client, head) == file.ref.sha256
        assert server.ended() == 0


def test_downloads_are_bounded(large: tuple[Served, Kept]) -> None:
    """More downloads at once than `max_downloads` are 503 until one has ended or its client has gone."""
    served, file = large
    with opened(served.url, file) as first:
        assert first.recv(100).startswith(b"HTTP/1.1 200 OK")
        with opened(served.url, file) as second:
            assert second.recv(100).startswith(b"HTTP/1.1 200 OK")
            problem(get(served, file, range="bytes=0-0"), 503, "UNAVAILABLE")
    eventually(lambda: get(served, file, range="bytes=0-0").status_code == 206)
