"""The port of metrics has few places, and nobody keeps one."""

import socket
from contextlib import ExitStack, suppress

import httpx

from esteio.telemetry.metrics.door import MOST, serve_metrics
from tests.house import AMPLE, eventually


def _hung_up(caller: socket.socket, drop: bytes) -> bool:
    """Send one more byte; whether the other side has ended the connection."""
    try:
        if drop:
            caller.sendall(drop)
        return caller.recv(65_536) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_bytes_one_by_one_hold_no_place(free_port: int) -> None:
    """Callers that never finish asking are hung up on when their time is over, however often they send a byte."""
    door = serve_metrics("127.0.0.1", free_port, patience=1.0)
    try:
        with ExitStack() as opened:
            callers = [opened.enter_context(socket.create_connection(("127.0.0.1", free_port))) for _ in range(MOST)]
            for caller in callers:
                caller.settimeout(0.01)
                caller.sendall(b"GET /livez HTTP/1.1\r\nX: ")
            left = list(callers)

            def all_gone() -> bool:
                left[:] = [caller for caller in left if not _hung_up(caller, b"x")]
                return not left

            eventually(all_gone)
            eventually(lambda: _alive(free_port))
    finally:
        door.shutdown()
        door.server_close()


def test_a_caller_that_was_answered_holds_no_place(free_port: int) -> None:
    """One request a connection: an answered caller gives its place back though it would stay."""
    door = serve_metrics("127.0.0.1", free_port, patience=30.0)
    try:
        with ExitStack() as opened:
            for _ in range(MOST):
                caller = opened.enter_context(socket.create_connection(("127.0.0.1", free_port), timeout=AMPLE))
                caller.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"200" in caller.recv(65_536)
            eventually(lambda: _alive(free_port), 10)
    finally:
        door.shutdown()
        door.server_close()


def _alive(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/livez").text == "ok\n"
    return False
