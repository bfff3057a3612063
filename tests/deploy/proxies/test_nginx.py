"""What the shipped nginx answers by itself, what it never does twice, and what it passes on."""

import re
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from esteio.catalog import SHIPPED
from esteio.http.routing import RouteTable
from tests.deploy.proxies.conftest import Deployment, need_nginx
from tests.deploy.proxies.front import (
    DEPLOY,
    NAME,
    Certificate,
    Front,
    Plan,
    line_to,
    nginx,
    nginx_program,
    render_nginx,
)
from tests.deploy.proxies.test_front import caller, problem
from tests.deploy.proxies.upstreams import upstream
from tests.documents.markup_reading import Page
from tests.house import ADMIN_KEY, Served, nobody, unused_port

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ROOMY = {"local/wall.conf": ("rate=100r/s", "rate=10000r/s")}


@contextmanager
def before(certificate: Certificate, *upstreams: int, **changes: tuple[str, str]) -> Iterator[Front]:
    """The shipped nginx before these two."""
    need_nginx()
    named = {name.replace("__", "/") + ".conf": words for name, words in changes.items()}
    with nginx(Plan(certificate, unused_port(), unused_port(), upstreams, {**ROOMY, **named})) as front:
        yield front


def test_the_shipped_files_are_valid(certificate: Certificate, tmp_path: Path) -> None:
    """`nginx -t` accepts the files as an operator has them, with only ports, paths and names filled in."""
    need_nginx()
    main = render_nginx(tmp_path, Plan(certificate, unused_port(), unused_port(), (1, 2), {}))
    program = nginx_program()
    assert program is not None
    done = subprocess.run([program, "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "[warn]" not in done.stderr, done.stderr


def test_no_operation_takes_more_than_the_proxy_lets_through(served: Served) -> None:
    """Where an operation takes a larger body than others, nginx lets it through to that address."""
    text = (DEPLOY / "nginx/esteio/locations.conf").read_text()
    found = re.findall(r"location ~ (\S+) \{\n    client_max_body_size (\d+)m;", text)
    bounds = [(re.compile(pattern), int(size) << 20) for pattern, size in found]
    table: RouteTable = served.app.table
    large = [one for one in table if (one.rules.body_limit or 0) > 1 << 20]
    assert len(large) >= 5 and len(SHIPPED) >= 5
    for operation in large:
        path = re.sub(r"\{[^}]+\}", "x", operation.path)
        allowed = next((size for pattern, size in bounds if pattern.search(path)), 1 << 20)
        assert allowed >= (operation.rules.body_limit or 0), operation.path


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("GET", 2)])
def test_a_post_is_sent_once(certificate: Certificate, method: str, times: int) -> None:
    """An API that breaks off within a POST or PATCH is not asked again elsewhere: 502. A GET is, of each once."""
    with (
        upstream("breaks") as first,
        upstream("breaks") as second,
        before(certificate, first.port, second.port) as front,
        caller(front) as client,
    ):
        answer = client.request(method, "/api/v2/pets", content=b"{}" if method != "GET" else None)
        problem(answer, 502, "UNAVAILABLE")
        assert answer.headers["retry-after"] == "2"
        assert first.methods() + second.methods() == [method] * times


def test_a_post_goes_where_somebody_listens(certificate: Certificate) -> None:
    """A process that cannot be reached costs nobody anything, whatever the method."""
    closed = int(nobody().rpartition(":")[2])
    with upstream("answers") as one, before(certificate, closed, one.port) as front, caller(front) as client:
        assert [client.post("/api/v2/pets", content=b"{}").status_code for _ in range(10)] == [200] * 10
        assert one.methods() == ["POST"] * 10


def test_connections_to_the_api_are_kept(certificate: Certificate) -> None:
    """Fifty requests one after another need no fifty connections, and none carries what a caller says of itself."""
    with (
        upstream("answers") as one,
        upstream("answers") as other,
        before(certificate, one.port, other.port) as front,
        caller(front) as client,
    ):
        forged = {
            "X-Forwarded-For": "9.9.9.9",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=9.9.9.9",
            "X-Real-IP": "9.9.9.9",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "baggage": "evil=1",
            "Upgrade": "h2c",
            "Connection": "Upgrade",
        }
        for _ in range(50):
            assert client.get("/x", headers=forged).status_code == 200
        assert one.connections + other.connections <= 6
        heads = [head.lower() for head in one.heads + other.heads if "/x " in head]
    assert len(heads) == 50
    for head in heads:
        assert "9.9.9.9" not in head and "evil" not in head and "0af7651916cd" not in head and "h2c" not in head
        assert "x-forwarded-for: 127.0.0.1" in head and "x-forwarded-proto: https" in head
        assert re.search(r"^x-request-id: [0-9a-f]{32}$", head, re.MULTILINE)


def test_nobody_there_and_nobody_answering(certificate: Certificate) -> None:
    """No process at all is a 502, one that says nothing a 504: problems with Retry-After, and the id of the request."""
    short = ("proxy_read_timeout 30s;", "proxy_read_timeout 1s;")
    with (
        upstream("silent") as one,
        upstream("silent") as other,
        before(certificate, one.port, other.port, servers=short) as front,
        caller(front) as client,
    ):
        late = client.post("/api/v2/pets", content=b"{}", headers={"X-Request-ID": "mine"})
        body = problem(late, 504, "TIMED_OUT")
        assert (body["request_id"], body["instance"], late.headers["retry-after"]) == ("mine", "/api/v2/pets", "5")


def test_the_wall(certificate: Certificate) -> None:
    """One address beyond its rate gets 429 with Retry-After as a problem; another address is served meanwhile."""
    with (
        upstream("answers") as one,
        upstream("answers") as other,
        before(certificate, one.port, other.port, local__wall=("rate=100r/s", "rate=1r/s")) as front,
        caller(front, "127.0.5.5") as greedy,
        caller(front, "127.0.5.6") as modest,
    ):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: greedy.get("/api/v2/pets"), range(260)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 20 <= len(refused) < 60, "a burst of 200, and one a second"
        problem(refused[0], 429, "RATE_LIMITED")
        assert refused[0].headers["retry-after"] == "1"
        assert modest.get("/api/v2/pets").status_code == 200


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (f"GET /{'a' * 17_500} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (f"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: {'a' * 17_500}\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ],
    ids=["host", "no-host", "nul", "address", "header", "trace"],
)
def test_what_is_no_request_is_refused_in_our_words(shield: Front, request_head: str, status: int) -> None:
    """What nginx cannot read is a problem document too, never its HTML."""
    with line_to(shield) as safe:
        safe.sendall(request_head.encode())
        answer = b""
        while chunk := safe.recv(65536):
            answer += chunk
            if b'"errors"' in answer:
                break
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in answer and b"<html>" not in answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(shield: Front, version: ssl.TLSVersion) -> None:
    """TLS before 1.2 is not spoken; 1.3 is, and sessions are not resumed from tickets."""
    old = ssl.create_default_context()
    old.minimum_version = old.maximum_version = version
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", shield.https), 10) as line, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(line, server_hostname=NAME)
    with line_to(shield) as safe:
        assert safe.version() == "TLSv1.3"


def test_a_slow_body_holds_nobody_up(shield: Front, deployment: Deployment) -> None:
    """A hundred bodies that do not come occupy nginx alone: the API was not asked, and answers others at once."""
    lines = []
    for _ in range(100):
        line = socket.create_connection(("127.0.0.1", shield.https), 10)
        safe = ssl.create_default_context().wrap_socket(line, server_hostname=NAME)
        head = f"POST /api/v2/pets HTTP/1.1\r\nHost: {NAME}\r\nX-API-Key: {ADMIN_KEY}\r\nX-Request-ID: slow-body\r\n"
        safe.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{".encode())
        lines.append(safe)
    try:
        with caller(shield, "127.0.6.6", headers={"X-API-Key": ADMIN_KEY}) as other:
            assert other.get("/api/v2/pets").status_code == 200
    finally:
        for safe in lines:
            safe.close()
    assert "slow-body" not in deployment.logged()


@pytest.mark.parametrize(
    ("language", "tongue", "words"),
    [("en-GB,pt;q=0.5", "en", "We are away for a moment"), ("pt-BR,en;q=0.5", "pt-BR", "fora do ar por um momento")],
)
def test_a_browser_is_told_in_words(certificate: Certificate, language: str, tongue: str, words: str) -> None:
    """While the API is away a browser gets a page in its language that needs nobody: no other file, no script, a style
    that the policy allows, the way to try again, and the id for support."""
    with (
        upstream("breaks") as one,
        upstream("breaks") as other,
        before(certificate, one.port, other.port) as front,
        caller(front, headers={**BROWSER, "Accept-Language": language}) as client,
    ):
        answer = client.get("/outages?lang=pt", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert (answer.headers["content-language"], answer.headers["retry-after"]) == (tongue, "2")
    page = Page(answer.text)
    assert f'<html lang="{tongue}">' in answer.text and words in page.text and "mine" in page.text
    assert page.inline == ["style"] and page.files == {"data:,"} and page.links == {""}
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    for name in ("strict-transport-security", "x-content-type-options", "x-frame-options", "referrer-policy"):
        assert name in answer.headers


@pytest.mark.parametrize("path", ["/api/v2/pets", "/auth/refresh", "/quantitativointerrupcoesativas", "/ws"])
def test_below_the_api_a_browser_gets_data(certificate: Certificate, path: str) -> None:
    """What programs read stays a problem document, whoever asks."""
    with (
        upstream("breaks") as one,
        upstream("breaks") as other,
        before(certificate, one.port, other.port) as front,
        caller(front, headers=BROWSER) as client,
    ):
        problem(client.get(path), 502, "UNAVAILABLE")


@pytest.mark.parametrize("path", ["/outages", "/no<b>such"])
def test_a_page_repeats_nothing(certificate: Certificate, path: str) -> None:
    """What nginx refuses by itself is a page for a browser too, in which nothing stands of what was asked for."""
    with (
        upstream("breaks") as one,
        upstream("breaks") as other,
        before(certificate, one.port, other.port) as front,
        caller(front, headers=BROWSER) as client,
    ):
        answer = client.post(path, content=b"x" * (2 << 20))
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert "such" not in answer.text and "The body is too large" in answer.text
