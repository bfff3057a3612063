"""`esteio standin` as a process: what it tells, how it is ruled, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.cli.command import COMMAND, NOWHERE, SECONDS, run, surroundings
from tests.house import eventually, unused_port

READY = re.compile(r"FakeStore stand-in is ready at (\S+), its control at (\S+)\n")
PARENT = """
import os, subprocess, sys
reader, writer = os.pipe()
command = [sys.executable, "-m", "esteio", "standin", "fakestore", "--port", "0"]
environment = os.environ | {"ESTEIO_LIFELINE_FD": str(reader)}
child = subprocess.Popen(command, env=environment, pass_fds=[reader], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), end="", flush=True)
sys.stdin.read()
"""


@contextmanager
def playing(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, the shop's address, the control's."""
    process = subprocess.Popen(
        [*COMMAND, "standin", "fakestore", *arguments],
        env=surroundings({}),
        cwd=NOWHERE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = READY.fullmatch(process.stdout.readline())
        assert found, arguments
        yield process, found[1], found[2]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_is_and_ends_when_told(number: signal.Signals) -> None:
    """One line once it listens, on the ports it was given; a signal ends it with 0, also while a caller waits."""
    port, control_port = unused_port(), unused_port()
    with playing("--port", str(port), "--control-port", str(control_port)) as (process, url, control):
        assert (url, control) == (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{control_port}/_standin")
        assert httpx.get(f"{url}/products/1", timeout=15).json()["id"] == 1
        with socket.create_connection(("127.0.0.1", port), timeout=15) as caller:
            caller.sendall(b"GET /products/abc HTTP/1.1\r\n\r\n")
            eventually(lambda: httpx.get(control, timeout=15).json()["calls"]["total"] == 2)
            process.send_signal(number)
            assert process.wait(SECONDS) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, timeout=15)


def test_a_fault_from_the_start_is_switched_off_later() -> None:
    """`--fault refused` refuses from the first moment; the control, which answers all the same, ends that."""
    with playing("--port", "0", "--fault", "refused") as (_, url, control):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/products", timeout=15)
        httpx.put(control, json={"fault": "none"}, timeout=15).raise_for_status()
        assert len(httpx.get(f"{url}/products", timeout=15).json()) == 20


def test_the_control_is_on_the_loopback_address_only() -> None:
    """Who may call the shop from elsewhere may not rule it."""
    with playing("--port", "0", "--host", "0.0.0.0") as (process, url, control):
        told = {found.laddr for found in psutil.Process(process.pid).net_connections() if found.status == "LISTEN"}
        assert {(place.ip, place.port) for place in told} == {
            ("0.0.0.0", httpx.URL(url).port),
            ("127.0.0.1", httpx.URL(control).port),
        }
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are inherited otherwise there")
def test_it_ends_with_its_parent() -> None:
    """The lifeline's end ends it, however the parent went."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, env=surroundings({}), cwd=NOWHERE, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        pid, _, line = parent.stdout.readline().partition(" ")
        child = psutil.Process(int(pid))
        assert READY.fullmatch(line)
        assert child.is_running()
        os.kill(parent.pid, signal.SIGKILL)
    assert psutil.wait_procs([child], timeout=SECONDS)[1] == []


def test_what_cannot_be_played_is_refused() -> None:
    """A taken port of either kind and an unknown fault end with 2 and one sentence; the help names every fault."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in ("--port", port), ("--port", "0", "--control-port", port):
            refused = run("standin", "fakestore", *arguments, environment={})
            assert (refused.code, refused.err) == (
                2,
                f"esteio: Port {port} of 127.0.0.1 cannot be used: Address already in use.\n",
            )
    unknown = run("standin", "fakestore", "--port", "0", "--fault", "nonsense", environment={})
    assert unknown.code == 2
    told = run("standin", "fakestore", "--help", environment={})
    for name in "hang", "refused", "flapping", "missing_404":
        assert name in unknown.err
        assert f"    {name} " in told.out
    assert "fakestore" in run("standin", "--help", environment={}).out
