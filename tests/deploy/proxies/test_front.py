"""What holds for whoever stands before the API: nginx and Caddy, each as shipped, before two processes, with TLS."""

import json
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.cli.command import SECONDS
from tests.deploy.proxies.conftest import Deployment
from tests.deploy.proxies.front import NAME, Front, line_to
from tests.house import ADMIN_KEY, eventually, sql
from tests.realtime.client import Event, stream
from tests.realtime.client import socket as open_socket
from tests.worker.processes import scheduler

ONCE = (
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "content-security-policy",
    "x-request-id",
    "cache-control",
    "content-type",
    "content-length",
    "date",
)
STORY = "Loves long walks, and every pigeon on the way. " * 20
STRANGER = "127.0.0.2"


@pytest.fixture(scope="module", autouse=True)
def relaying(deployment: Deployment) -> Iterator[None]:
    """What carries facts to the listeners."""
    with scheduler(deployment.settings, services=None):
        yield


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    """The administrator, as a browser would: it takes gzip."""
    with caller(front, headers={"X-API-Key": ADMIN_KEY}) as one:
        yield one


def caller(front: Front, address: str = "127.0.0.1", **options: object) -> httpx.Client:
    """A caller from an address of this machine."""
    transport = httpx.HTTPTransport(verify=ssl.create_default_context(), local_address=address)
    return httpx.Client(base_url=front.url, transport=transport, **{"timeout": 30, **options})  # type: ignore[arg-type]


def pet(client: httpx.Client, name: str = "Rex") -> str:
    """The address of a new pet whose answer is worth compressing."""
    answer = client.post("/api/v2/pets", json={"name": name, "species": "dog", "notes": STORY})
    assert answer.status_code == 201, answer.text
    return f"/api/v2/pets/{answer.json()['data']['id']}"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The refusal, in the shape of the house's own."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, object] = answer.json()
    assert (body["status"], body["success"], body["data"]) == (status, False, None)
    assert body["errors"][0]["code"] == code  # type: ignore[index]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert set(body) >= {"type", "title", "detail", "instance", "version", "timestamp", "trace_id", "links", "warnings"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", str(body["timestamp"]))
    assert str(body["type"]).startswith("https://localhost")
    return body


def test_plain_http_is_redirected_with_its_method(front: Front) -> None:
    """308 to the same path and query on HTTPS, for a POST too: nothing is served in the clear."""
    for method in ("GET", "POST"):
        asked = f"http://{NAME}:{front.http}/api/v2/pets?limit=2"
        answer = httpx.request(method, asked, headers={"Host": NAME})
        assert answer.status_code == 308
        assert re.fullmatch(rf"https://{NAME}(:{front.https})?/api/v2/pets\?limit=2", answer.headers["location"])


@pytest.mark.parametrize("path", ["/api/v2/pets", "/docs", "/api/v2/nothing-here", "/metrics"])
def test_headers_are_there_once(client: httpx.Client, path: str) -> None:
    """Each security header is sent once, by the API or, where it was not asked, by the proxy; versions are not told."""
    answer = client.get(path)
    for name in ONCE:
        if name != "content-length" or "transfer-encoding" not in answer.headers:
            assert len(answer.headers.get_list(name)) == 1, (name, answer.headers)
    assert not re.search(r"\d", answer.headers.get("server", "")) and "via" not in answer.headers


def test_tags_stay_strong_through_compression(client: httpx.Client) -> None:
    """With gzip: the tag is strong, confirms with 304, lets a change through once, and then refuses it with 412."""
    path = pet(client)
    read = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert read.headers["content-encoding"] == "gzip" and "Accept-Encoding" in read.headers["vary"]
    tag = read.headers["etag"]
    assert tag.startswith('"')
    again = client.get(path, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert (again.status_code, again.headers["etag"], again.content) == (304, tag, b"")
    changed = client.patch(path, json={"name": "Max"}, headers={"If-Match": tag})
    assert changed.status_code == 200 and changed.headers["etag"].startswith('"')
    refused = client.patch(path, json={"name": "Moritz"}, headers={"If-Match": tag})
    assert refused.status_code == 412 and refused.json()["data"]["name"] == "Max"
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_compressed_documents_keep_their_tags(client: httpx.Client) -> None:
    """The same for a large document that is made once: strong, and 304."""
    read = client.get("/api/v2/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert read.headers["content-encoding"] == "gzip" and read.headers["etag"].startswith('"')
    again = client.get("/api/v2/openapi.json", headers={"If-None-Match": read.headers["etag"]})
    assert again.status_code == 304


def test_a_websocket_passes(front: Front, client: httpx.Client) -> None:
    """A socket through the proxy hears what a request through the proxy did."""
    with open_socket(front.url) as one:
        one.subscribe("pets")
        assert one.ask(type="ping")["type"] == "pong"
        path = pet(client)
        heard = next(message for message in iter(one.hear, None) if message["data"]["pet"]["id"] in path)
        assert heard["type"] == "event"


def test_an_event_stream_passes_and_resumes(front: Front, client: httpx.Client) -> None:
    """Events come as they happen; who comes back with the last id gets what it missed, once."""
    names = [f"Rex {uuid4()}" for _ in range(3)]
    with stream(front.url, "pets") as listening:
        first = listening.event()
        assert first is not None and first.kind == "subscribed"
        pet(client, names[0])
        heard = next(event for event in iter(listening.event, None) if name_in(event) == names[0])
    for name in names[1:]:
        pet(client, name)
    with stream(front.url, "pets", headers={"Last-Event-ID": heard.id}) as listening:
        missed = [event for event in (listening.event() for _ in range(3)) if event and event.kind == "message"]
    assert [name_in(event) for event in missed] == names[1:]


def name_in(event: Event) -> str:
    """Whose fact it is. What earlier tests did may still be on its way."""
    return str(event.data["data"]["pet"]["name"])


def test_a_forged_address_is_worth_nothing(front: Front, deployment: Deployment) -> None:
    """Whatever a stranger says of its address: the limit, the log and the audit know where it really came from."""
    forged = {"Forwarded": "for=9.9.9.9", "X-Real-IP": "9.9.9.9"}
    address = f"127.0.{7 if front.kind == 'nginx' else 8}.2"
    with caller(front, address) as stranger:
        answers = [
            stranger.get("/api/v2/pets", headers={**forged, "X-Forwarded-For": f"9.9.9.{number}, 127.0.0.1"})
            for number in range(12)
        ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    request = answers[0].headers["x-request-id"]
    eventually(lambda: f'"request_id":"{request}"' in deployment.logged())
    line = next(line for line in deployment.logged().splitlines() if f'"request_id":"{request}"' in line)
    assert json.loads(line)["address"] == address
    with caller(front, address, headers={"X-API-Key": ADMIN_KEY, "X-Forwarded-For": "9.9.9.9"}) as stranger:
        made = stranger.post("/api/v2/keys", json={"name": "audited", "scopes": ["pets:write"]})
    assert made.status_code == 201, made.text
    asked = "SELECT address FROM audit_log WHERE request_id = $1"
    found = sql(deployment.settings["ESTEIO_DATABASE__URL"], asked, made.headers["x-request-id"])
    assert [row["address"] for row in found] == [address]


def test_identity_of_a_request(front: Front, client: httpx.Client) -> None:
    """A request id that can be written is kept, any other replaced; a stranger's trace is not continued."""
    kept = client.get("/api/v2/nowhere", headers={"X-Request-ID": "order-17.b"})
    assert kept.headers["x-request-id"] == "order-17.b"
    evil = client.get("/metrics", headers={"X-Request-ID": 'a","b":"c'})
    assert re.fullmatch(r"[A-Za-z0-9-]{32,36}", problem(evil, 404, "NOT_FOUND")["request_id"])  # type: ignore[call-overload]
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = client.get("/api/v2/nowhere", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.json()["trace_id"] != trace


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/metrics", ("kept", "[[ env `HOME` ]][[ listFiles `.` ]]")),
        ("/metrics", ('a"b', "kept")),
        ("/metrics%0a", ("kept",)),
    ],
)
def test_a_refusal_repeats_nothing_that_means_something(front: Front, path: str, names: tuple[str, ...]) -> None:
    """What a stranger sends is not run as a template, on a second line either, and leaves a refusal whole JSON."""
    lines = "".join(f"X-Request-ID: {name}\r\n" for name in names)
    with line_to(front) as safe:
        safe.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n{lines}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: safe.recv(65536), b""))
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["status"] == 404
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", told["request_id"])


@pytest.mark.parametrize(
    "path", ["/metrics", "/readyz", "/livez", "//metrics", "/%6detrics", "/x/../metrics", "/metrics/"]
)
def test_what_is_for_operators_is_not_public(front: Front, client: httpx.Client, path: str) -> None:
    """Metrics and probes are not served to the outside, however their address is written; the one word on health is."""
    with line_to(front) as safe:
        head = f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nX-API-Key: {ADMIN_KEY}\r\nConnection: close\r\n\r\n"
        safe.sendall(head.encode())
        assert safe.recv(65536).partition(b"\r\n")[0].split()[1] == b"404"
    assert client.get("/health").json() == {"status": "ok"}
    assert (
        "parts" not in caller(front).get("/api/v2/health?detailed=true").json()["data"]
        or not caller(front).get("/api/v2/health?detailed=true").json()["data"]["parts"]
    )


def test_a_body_beyond_the_bound_is_refused_unread(front: Front) -> None:
    """100 MB for an operation that takes one: refused with our 413 before a hundredth of it was sent."""
    size = 100_000_000
    with line_to(front) as safe:
        head = (
            f"POST /api/v2/pets HTTP/1.1\r\nHost: {NAME}\r\nX-API-Key: {ADMIN_KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        )
        safe.sendall(head.encode() + b"[" * 600_000)
        answer = b""
        while b'"errors"' not in answer:
            chunk = safe.recv(65536)
            assert chunk, answer
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 413 ") and b"application/problem+json" in answer
    assert json.loads(answer[answer.index(b"{") :].decode())["errors"][0]["code"] == "PAYLOAD_TOO_LARGE"


def test_a_slow_head_is_cut_off(front: Front) -> None:
    """Who sends a head a byte at a time is cut off after its 10 s, and others are served meanwhile."""
    with line_to(front) as safe:
        safe.sendall(f"GET /api/v2/pets HTTP/1.1\r\nHost: {NAME}\r\n".encode())
        began, cut = time.monotonic(), False
        safe.settimeout(0.5)
        while not cut and time.monotonic() < began + 30:
            try:
                safe.sendall(b"X-A: b\r\n")
                cut = safe.recv(1024) == b"" or True
            except TimeoutError:
                assert caller(front).get("/health").status_code == 200
            except OSError:
                cut = True
    assert cut and time.monotonic() - began > 5


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_http_2_is_spoken(front: Front) -> None:
    """A client that can gets HTTP/2, with the API's answer in it."""
    asked = ["curl", "-sS", "--http2", "--cacert", str(front_authority()), "-H", f"X-API-Key: {ADMIN_KEY}"]
    done = subprocess.run(
        [*asked, "-w", "\n%{http_version} %{http_code}", f"{front.url}/api/v2/pets?limit=1"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    body, _, said = done.stdout.rpartition("\n")
    assert said == "2 200" and json.loads(body)["success"] is True


def front_authority() -> str:
    return ssl.get_default_verify_paths().cafile or ""


def test_the_log_has_no_secrets(front: Front, client: httpx.Client) -> None:
    """One JSON object a request, with its id, and neither queries nor secret links nor keys."""
    client.get("/ws?ticket=a-ticket-that-is-secret")
    client.get("/api/v2/petstory/orders/a-link-that-is-secret/photos")
    answer = client.get("/api/v2/pets?name=a-name-that-is-secret")
    wanted = answer.headers["x-request-id"]
    eventually(lambda: wanted in front.log.read_text())
    text = front.log.read_text()
    assert "that-is-secret" not in text and ADMIN_KEY not in text
    lines = [json.loads(line) for line in text.splitlines()]
    line = next(line for line in lines if line.get("request_id") == wanted)
    assert line["status"] == 200
    assert "/api/v2/petstory/orders/-/photos" in text


def test_a_host_that_is_not_served_is_refused(client: httpx.Client) -> None:
    """A name that is not ours is answered with 421 or not at all."""
    answer = client.get("/api/v2/pets", headers={"Host": "evil.example"})
    assert answer.status_code == 421 or (answer.status_code == 200 and answer.content == b"")
