"""Photos that are on their way when the API's process ends."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from esteio.embedded.engines import Engines
from tests.cli.command import Server, all_of, serving
from tests.house import AMPLE, environment, eventually, sql
from tests.petstory.conftest import ROOMY
from tests.petstory.shop import ORDERS, REX, picture


def objects(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@contextmanager
def begun(server: Server, path: str) -> Iterator[socket.socket]:
    """A connection that has sent one whole photo of a form, and half of another."""
    form = httpx.Request(
        "POST", server.url, files=[("photos", ("a.jpg", picture(seed), "image/jpeg")) for seed in (1, 2)]
    )
    body = form.read()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: api.example.org\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {form.headers['content-type']}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=AMPLE) as calling:
        calling.sendall(head.encode() + body[: len(body) - 300])
        yield calling


def test_a_form_that_the_end_of_the_process_cuts_off(
    free_port: int, new_database: Callable[[], str], engines: Engines, tmp_path: Path
) -> None:
    """Its customer is told to come again, nothing of it stays, and the next process takes the same photos."""
    kept = {"FILES__URL": f"file://{tmp_path}", "HTTP__DRAIN_SECONDS": "1"}
    given = environment(new_database(), engines.redis_url, **kept, **ROOMY)
    with serving(free_port, environment=given) as server:
        path = f"{ORDERS}/{server.client.post(ORDERS, json=REX).json()['data']['link']}/photos"
        with begun(server, path) as line:
            eventually(lambda: len(objects(tmp_path)) == 1)
            server.signal(signal.SIGTERM)
            head, _, body = all_of(line).partition(b"\r\n\r\n")
        assert server.ended() == 0
        assert head.startswith(b"HTTP/1.1 503 "), head
        assert b"\r\nretry-after: 5" in head.lower()
        assert json.loads(body)["errors"][0]["code"] == "UNAVAILABLE"
    assert objects(tmp_path) == set()
    assert sql(given["ESTEIO_DATABASE__URL"], "SELECT count(*) FROM petstory_photos")[0]["count"] == 0
    with serving(free_port, environment=given) as server:
        again = server.client.post(path, files=[("photos", ("a.jpg", picture(1), "image/jpeg"))])
        assert again.status_code == 201, again.text
