"""What the server itself bounds, before there is a request."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.house import AMPLE, Served


@pytest.mark.parametrize(
    "endless",
    [b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ", b"GET /livez?", b"GET /livez HTTP/1.1\r\nHost: x\r\n"],
)
def test_an_endless_head_is_cut_off(served: Served, endless: bytes) -> None:
    """Address and headers end after 64 KiB: the connection is closed, whatever else would come."""
    address = urlsplit(served.url)
    filler = b"X-More: yes\r\n" * 100 if endless.endswith(b"\n") else b"a" * 1300
    sent = 0
    with socket.create_connection((address.hostname, address.port), timeout=AMPLE) as line:
        line.sendall(endless)
        with pytest.raises(ConnectionError):
            while sent < 5_000_000:
                line.sendall(filler)
                sent += len(filler)
    assert sent < 4_000_000


def test_a_large_head_within_the_bound_is_served(served: Served) -> None:
    """Tens of kilobytes of headers are still a request."""
    assert served.anonymous.get("/livez", headers={"X-Long": "a" * 30_000}).status_code == 200


def test_requests_sent_ahead_are_answered_in_order(served: Served) -> None:
    """Pipelined requests on one connection get each its answer, in their order."""
    address = urlsplit(served.url)
    request = b"".join(
        b"GET %b HTTP/1.1\r\nHost: x\r\nX-Request-ID: number-%d\r\n\r\n" % (path, number)
        for number, path in enumerate([b"/livez", b"/nowhere", b"/api/v2/pets", b"/livez"])
    )
    with socket.create_connection((address.hostname, address.port), timeout=AMPLE) as line:
        line.sendall(request)
        answer = b""
        while b"x-request-id: number-3" not in answer:
            answer += line.recv(65_536)
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200", b"200"]
    positions = [answer.index(b"x-request-id: number-%d" % number) for number in range(4)]
    assert positions == sorted(positions)
