"""Each fault as a caller meets it, and the control that switches it."""

import errno
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from esteio.standins.fakestore import Shop, running_fakestore
from esteio.standins.faults import HUGE, WORDS, Impossible
from tests.house import AMPLE, NO_TLS, eventually, unused_port

INSTEAD = {
    "empty": (200, b"", "application/json"),
    "null": (200, b"null", "application/json"),
    "object": (200, b"{}", "application/json"),
    "error_500": (500, b"<!DOCTYPE html>", "text/html"),
    "cdn_522": (522, b"<!DOCTYPE html>", "text/html"),
    "cdn_403": (403, b"<!DOCTYPE html>", "text/html"),
    "not_json": (200, b"<!DOCTYPE html>", "application/json"),
    "wrong_shape": (200, b'{"items":', "application/json"),
}


def refusal(shop: Shop) -> int:
    """The system's error number of a connection; 0 when it is taken."""
    address = urlsplit(shop.url)
    with socket.socket() as caller:
        return caller.connect_ex((address.hostname, address.port))


@pytest.mark.parametrize("fault", INSTEAD)
def test_other_answers(shop: Shop, caller: httpx.Client, fault: str) -> None:
    """List and item are answered with the fault's status, body and type, and as ever once it is switched off."""
    shop.fault(fault)
    status, begin, media = INSTEAD[fault]
    for path in "/products", "/products/1":
        answer = caller.get(path)
        assert answer.status_code == status
        assert answer.content.startswith(begin)
        assert begin or not answer.content
        assert answer.headers["content-type"].startswith(media)
    shop.fault("none")
    assert caller.get("/products/1").json()["id"] == 1


def test_missing_404(shop: Shop, caller: httpx.Client) -> None:
    """Only numbers that do not exist are answered with 404."""
    shop.fault("missing_404")
    assert [caller.get(f"/products/{number}").status_code for number in (999, 1)] == [404, 200]
    assert caller.get("/users/999").status_code == 404


def test_hang(shop: Shop, caller: httpx.Client) -> None:
    """Silence for ever; or an answer after so many seconds."""
    shop.fault("hang", "/products")
    with pytest.raises(httpx.ReadTimeout):
        caller.get("/products/1", timeout=httpx.Timeout(15, read=0.3))
    shop.fault("hang", "/products", seconds=0.4)
    began = time.monotonic()
    assert caller.get("/products/1").json()["id"] == 1
    assert time.monotonic() - began >= 0.4


def test_slow(shop: Shop) -> None:
    """The head comes at once, the body in many pieces: no single wait is long, all of them together are."""
    shop.fault("slow", seconds=1)
    began = time.monotonic()
    with httpx.stream("GET", shop.url + "/products", timeout=httpx.Timeout(15, read=10)) as answer:
        pieces = list(answer.iter_raw())
    assert time.monotonic() - began >= 1
    assert len(pieces) >= 3
    assert len(json.loads(b"".join(pieces))) == 20


@pytest.mark.parametrize("path", ["/products", "/products/1", "/products/999"])
def test_truncated(shop: Shop, caller: httpx.Client, path: str) -> None:
    """The connection ends before the announced length is there, also of an answer without a body."""
    shop.fault("truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        caller.get(path)


def test_cut_json(shop: Shop, caller: httpx.Client) -> None:
    """All that was announced is there, and it is half of a document."""
    whole = caller.get("/products/1").content
    shop.fault("cut_json")
    answer = caller.get("/products/1")
    assert answer.content == whole[: len(whole) // 2]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_huge(shop: Shop, caller: httpx.Client) -> None:
    """More than 100 MB without an announced length; a caller who leaves early harms nobody."""
    shop.fault("huge")
    with caller.stream("GET", "/products") as answer:
        assert "content-length" not in answer.headers
        assert sum(map(len, answer.iter_raw())) > HUGE
    with caller.stream("GET", "/products") as answer:
        next(answer.iter_raw())
    shop.fault("none")
    assert caller.get("/products/1").status_code == 200


def test_refused_is_refused_by_the_system(shop: Shop, caller: httpx.Client) -> None:
    """Nobody listens: ECONNREFUSED on a new connection, a reset on an old one; then it is back on the same port."""
    assert caller.get("/products/1").status_code == 200
    shop.fault("refused")
    assert refusal(shop) == errno.ECONNREFUSED
    with pytest.raises(httpx.TransportError):
        caller.get("/products/1")
    assert httpx.get(shop.control_url, timeout=AMPLE).json()["switched"][0]["fault"] == "refused"
    counted = shop.calls()
    shop.fault("none")
    assert refusal(shop) == 0
    assert caller.get("/products/1").status_code == 200
    assert shop.calls() == counted + 1


def test_a_refusing_port_is_nobody_elses() -> None:
    """While it refuses, its port is not given to anybody who asks for it."""
    with running_fakestore() as fresh:  # no connection that has just ended keeps the port in use
        fresh.fault("refused")
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", urlsplit(fresh.url).port))


def test_refused_resets_who_is_waiting(shop: Shop) -> None:
    """A call that was not answered yet ends at once."""
    shop.fault("hang")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(httpx.get, shop.url + "/products", timeout=60)
        eventually(lambda: shop.calls("/products") == 1)
        shop.fault("refused")
        assert isinstance(waiting.exception(30), httpx.TransportError)


def test_flapping(shop: Shop, caller: httpx.Client) -> None:
    """Every other call fails, the first one included."""
    shop.fault("flapping")
    assert [caller.get("/products").status_code for _ in range(6)] == [500, 200] * 3


def test_a_fault_may_be_limited_to_a_path(shop: Shop, caller: httpx.Client) -> None:
    """The longest path that covers a call counts; whole segments are compared; a fault without a path ends all."""

    def statuses(*paths: str) -> list[int]:
        return [caller.get(path).status_code for path in paths]

    shop.fault("error_500", "/products/1")
    assert statuses("/products", "/products/1", "/products/10", "/users") == [200, 500, 200, 200]
    shop.fault("cdn_522", "/products")
    shop.fault("none", "/products/2")
    assert statuses("/products", "/products/1", "/products/2", "/users") == [522, 500, 200, 200]
    shop.fault("error_500")
    assert statuses("/products", "/products/2", "/users") == [500, 500, 500]
    shop.fault("cdn_403", "/products/")
    shop.fault("none", "/")
    assert statuses("/products", "/products/2", "/users") == [200, 403, 200]


@pytest.mark.parametrize(
    ("name", "path", "seconds"),
    [
        ("nonsense", None, None),
        ("refused", "/products", None),
        ("error_500", "products", None),
        ("error_500", None, 2.0),
        ("hang", None, 0.0),
    ],
)
def test_what_cannot_be_switched_is_refused(shop: Shop, name: str, path: str | None, seconds: float | None) -> None:
    """A misspelled fault does not leave a test with a healthy shop: it is told, here and over HTTP."""
    with pytest.raises(Impossible):
        shop.fault(name, path, seconds)
    told = {"fault": name, "path": path, "seconds": seconds}
    assert httpx.put(shop.control_url, json=told, timeout=AMPLE).status_code == 422
    assert httpx.get(shop.control_url, timeout=AMPLE).json()["switched"] == []


def test_calls_are_counted_by_path(shop: Shop, caller: httpx.Client) -> None:
    """Each call counts once, whatever it meets, without its query; many at once are all counted."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: httpx.get(shop.url + "/products?limit=1", timeout=AMPLE, verify=NO_TLS), range(40)))
    shop.fault("error_500")
    caller.get("/products/1")
    assert (shop.calls("/products"), shop.calls("/products/1"), shop.calls("/users"), shop.calls()) == (40, 1, 0, 41)
    shop.forget()
    assert shop.calls() == 0
    assert caller.get("/products").status_code == 500


def test_control_over_http(shop: Shop, caller: httpx.Client) -> None:
    """Another process switches, counts, changes products and resets; the shop's own port has no such path."""
    with httpx.Client(base_url=shop.control_url, timeout=AMPLE, verify=NO_TLS) as control:
        state = control.put("", json={"fault": "hang", "path": "/users", "seconds": 0.1}).json()
        assert state["switched"] == [{"fault": "hang", "path": "/users", "seconds": 0.1}]
        assert state["url"] == shop.url
        assert {*WORDS, "missing_404"} == {*state["faults"]}
        assert caller.get("/users").status_code == 200
        assert control.get("").json()["calls"] == {"total": 1, "paths": {"/users": 1}}
        assert control.delete("/calls").json()["calls"]["total"] == 0
        assert control.patch("/products/1", json={"price": 1}).json()["price"] == 1
        assert control.put("/products/90", json={"title": "New"}).json() == {"id": 90, "title": "New"}
        assert control.delete("/products/2").status_code == 204
        assert [control.delete("/products/2").status_code, control.patch("/nonsense").status_code] == [404, 404]
        assert control.put("/products/1", content=b"{").status_code == 422
        assert [row["id"] for row in caller.get("/products").json()] == [1, *range(3, 21), 90]
        assert control.delete("").json() == control.get("").json() | {"switched": []}
        assert len(caller.get("/products").json()) == 20
    assert caller.get("/_standin").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /products HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /products HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["first line", "length", "chunked"],
)
def test_what_is_no_request_is_told(shop: Shop, sent: bytes) -> None:
    """400 and the end of the connection; the shop goes on."""
    address = urlsplit(shop.url)
    with socket.create_connection((address.hostname, address.port), timeout=AMPLE) as line:
        line.sendall(sent)
        assert line.recv(64).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(shop.url + "/products/1", timeout=AMPLE).status_code == 200


def test_a_head_without_end_is_not_read(shop: Shop) -> None:
    """The connection ends; the shop goes on."""
    address = urlsplit(shop.url)
    with socket.create_connection((address.hostname, address.port), timeout=AMPLE) as line, suppress(ConnectionError):
        for _ in range(1000):
            line.sendall(b"x" * 65_536)
        pytest.fail("all of it was read")
    assert httpx.get(shop.url + "/products/1", timeout=AMPLE).status_code == 200


def test_a_port_of_ones_choice() -> None:
    """It runs where it is told to, and a taken port is told."""
    port = unused_port()
    with running_fakestore(port) as shop:
        assert shop.url == f"http://127.0.0.1:{port}"
        with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 cannot be used"), running_fakestore(port):
            pass


def test_one_fault_ends(shop: Shop, caller: httpx.Client) -> None:
    """A fault ends on one path, or wherever it is on, and others stay; one that is not on is not found."""
    control = shop.control_url
    for fault, path in (("null", "/products"), ("null", "/users"), ("object", "/carts")):
        shop.fault(fault, path)
    assert httpx.delete(f"{control}/faults/null", params={"path": "/users"}).status_code == 200
    assert [one["path"] for one in httpx.get(control).json()["switched"]] == ["/products", "/carts"]
    assert httpx.delete(f"{control}/faults/null").json()["switched"] == [
        {"fault": "object", "path": "/carts", "seconds": None}
    ]
    assert caller.get("/products/1").json()["id"] == 1
    assert httpx.delete(f"{control}/faults/null").status_code == 404
    assert httpx.delete(f"{control}/faults").json()["switched"] == []
    assert caller.get("/carts/1").json()["id"] == 1


def test_a_shut_port_is_opened_by_ending_its_fault(shop: Shop) -> None:
    """Refused connections end with their fault alone, too."""
    shop.fault("refused")
    assert refusal(shop) == errno.ECONNREFUSED
    assert httpx.delete(f"{shop.control_url}/faults/refused").status_code == 200
    assert refusal(shop) == 0
