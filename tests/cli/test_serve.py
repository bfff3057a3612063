"""`esteio serve` in one process: its start, its refusals, its end."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable

import httpx
import psutil
import pytest
import uvicorn
import uvloop
from click.testing import CliRunner

from esteio.app import create_app
from esteio.cli.main import cli
from esteio.cli.protocol import Protocol
from esteio.cli.pulse import Pulse
from esteio.cli.server import Server
from esteio.embedded.engines import Engines
from esteio.http.gate.context import ENDING
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from tests.cli.command import COMMAND, NOWHERE, SECONDS, all_of, half_sent, run, serving, started, surroundings
from tests.cli.load import Load
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import proxied
from tests.house import NO_TLS, eventually, sql


def test_taken_port_is_refused_with_a_sentence(free_port: int, settings: dict[str, str]) -> None:
    """One line that names the port, exit code 2, no traceback; the same with several workers."""
    with socket.create_server(("127.0.0.1", free_port)):
        for workers in ("1", "2"):
            refused = run("serve", "--port", str(free_port), "--workers", workers, environment=settings)
            assert (refused.code, refused.err.count("\n")) == (2, 1), refused.said
            assert refused.err.startswith(f"esteio: Port {free_port} of 127.0.0.1 cannot be used")


def test_settings_that_cannot_be_used_stop_the_start(free_port: int, settings: dict[str, str]) -> None:
    """Exit code 2 and the sentences, also where only the workers of a fleet know the setting."""
    wrong = {**settings, "ESTEIO_PETS__RESTORABLE_DAYS": "none"}
    refused = run("serve", "--port", str(free_port), "--workers", "2", environment=wrong)
    assert refused.code == 2
    assert "ESTEIO_PETS__RESTORABLE_DAYS is not acceptable" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_tenant_table_without_policy_stops_the_start(
    free_port: int, settings: dict[str, str], new_database: Callable[[], str], workers: str
) -> None:
    """A database whose tenants are not kept apart is not served: exit code 2 and the table's name, also in a fleet."""
    url = new_database()
    sql(url, "CREATE TABLE loose (id int, tenant_id uuid)")
    refused = run(
        "serve",
        "--port",
        str(free_port),
        "--workers",
        workers,
        environment={**settings, "ESTEIO_DATABASE__URL": url},
    )
    assert refused.code == 2, refused.said
    assert "esteio: The tables loose hold rows of tenants without row-level security" in refused.err
    assert "Traceback" not in refused.err


def test_a_database_that_was_not_migrated_is_not_ready(
    free_port: int, settings: dict[str, str], empty_database: str
) -> None:
    """It lives, says that it is not ready and why, answers 503, and takes up its work after `esteio migrate`."""
    given = {**settings, "ESTEIO_DATABASE__URL": empty_database}
    with started(free_port, environment=given) as server:
        eventually(lambda: server.status("/livez") == 200)
        assert server.status("/readyz") == 503
        assert server.client.get("/api/v2/pets").status_code == 503
        parts = server.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
        assert "esteio migrate" in parts["database"]
        assert run("migrate", environment=given).code == 0
        eventually(lambda: server.status("/readyz") == 200)
        assert server.client.get("/api/v2/pets").status_code == 200


def test_a_database_that_is_down_at_the_start_is_waited_for(free_port: int, settings: dict[str, str]) -> None:
    """Without a database the server starts, lives and is not ready; SIGTERM ends it as ever."""
    given = {**settings, "ESTEIO_DATABASE__URL": "postgresql://esteio@127.0.0.1:1/esteio"}
    with started(free_port, environment=given) as server:
        eventually(lambda: server.status("/livez") == 200)
        assert server.status("/readyz") == 503
        server.signal(signal.SIGTERM)
        assert server.ended() == 0


def test_ctrl_c_ends_it_with_success(free_port: int, settings: dict[str, str]) -> None:
    """Exit code 0 without a traceback, the port is free again, and the log for people has said each request."""
    given = {**settings, "ESTEIO_TELEMETRY__LOG_FORMAT": "console"}
    with serving(free_port, environment=given) as server:
        assert server.client.get("/api/v2/pets").status_code == 200
        server.signal(signal.SIGINT)
        assert server.ended() == 0, server.text
        assert "Traceback" not in server.text
        assert re.search(
            r"\[info     \] GET /api/v2/pets +200 +[\d.]+ ms .* request_id=\w+$", server.text, re.MULTILINE
        )
        with socket.create_server(("127.0.0.1", free_port)):
            pass


def test_sigterm_under_load_drops_nothing(free_port: int, settings: dict[str, str]) -> None:
    """R7: not ready first, then every answer is the last of its connection; nobody's request fails, nothing is lost."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": "3"}
    with serving(free_port, environment=given) as server:
        load = Load(server.url, leaves=True)
        with load.of(8):
            eventually(lambda: load.answered > 100)
            server.signal(signal.SIGTERM)
            eventually(lambda: server.status("/readyz") == 503)
            assert server.status("/livez") == 200
            assert server.ended() == 0, server.text
        assert load.failures == []
        assert load.told_to_close == 8
        kept = {row["name"] for row in sql(settings["ESTEIO_DATABASE__URL"], "SELECT name FROM pets")}
        assert set(load.written) <= kept


async def asked_at_the_end(settings: dict[str, str]) -> bytes:
    """What a caller is answered whom the server had not accepted yet when it began to end."""
    application = create_app(read_settings(sections(()), environ=settings), ())
    config = uvicorn.Config(application, http=Protocol, interface="asgi3", log_config=None, access_log=False)
    config.load()
    server = Server(config, application, 0, Pulse(None))
    server.lifespan = config.lifespan_class(config)
    listening = socket.create_server(("127.0.0.1", 0))
    await server.startup([listening])
    with socket.create_connection(listening.getsockname(), 10) as caller:
        caller.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        # Nothing was awaited since: the event loop has had no time to accept.
        await server.shutdown([listening])
        return caller.recv(65536)


def test_who_waits_to_be_accepted_at_the_end_is_answered(settings: dict[str, str]) -> None:
    """A connection that the kernel has taken for the last process that listens is served, and not reset."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(asked_at_the_end(settings)).startswith(b"HTTP/1.1 200 ")


def test_a_request_in_flight_is_answered(free_port: int, settings: dict[str, str]) -> None:
    """A request whose body is still on its way when SIGTERM comes gets its answer."""
    with serving(free_port, environment=settings) as server:
        body = b'{"name": "Late", "species": "dog"}'
        with half_sent(server, body) as line:
            server.signal(signal.SIGTERM)
            eventually(lambda: server.status("/livez") == 0)
            line.sendall(body[10:])
            answer = line.recv(65536)
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert b"connection: close" in answer.lower()
        assert server.ended() == 0


def test_a_request_that_never_ends_is_cut_at_the_end_of_the_drain(free_port: int, settings: dict[str, str]) -> None:
    """Nobody can keep the process alive for longer than the drain lasts, and who is cut off is told to come again."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_SECONDS": "1"}
    with serving(free_port, environment=given) as server, half_sent(server, b"{" * 30) as line:
        server.signal(signal.SIGTERM)
        head, _, body = all_of(line).partition(b"\r\n\r\n")
        assert server.ended() == 0
        assert head.startswith(b"HTTP/1.1 503 "), head
        assert b"\r\nretry-after: 5" in head.lower()
        assert b"\r\nconnection: close" in head.lower()
        problem = json.loads(body)
        assert (problem["errors"][0]["code"], problem["detail"]) == ("UNAVAILABLE", ENDING)
        assert "Traceback" not in server.text


def test_a_silent_database_does_not_hold_up_the_end(free_port: int, settings: dict[str, str], engines: Engines) -> None:
    """Connections to a database that does not answer are dropped instead of being closed in peace."""
    url = settings["ESTEIO_DATABASE__URL"]
    with proxied(postgres_socket(engines)) as network:
        given = {**settings, "ESTEIO_DATABASE__URL": through(network, url)}
        with serving(free_port, environment=given) as server:
            assert server.client.post("/api/v2/pets", json={"name": "Kept", "species": "dog"}).status_code == 201
            network.set("silent")
            server.signal(signal.SIGTERM)
            assert server.ended() == 0, server.text


def test_an_idle_connection_does_not_hold_up_the_end(free_port: int, settings: dict[str, str]) -> None:
    """Keep-alive connections on which nothing happens are closed at once, however long a drain may last."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_SECONDS": "300"}
    with serving(free_port, environment=given) as server, httpx.Client(base_url=server.url, verify=NO_TLS) as idle:
        assert idle.get("/livez").status_code == 200
        server.signal(signal.SIGTERM)
        assert server.ended() == 0


def test_it_ends_with_its_lifeline(free_port: int, settings: dict[str, str]) -> None:
    """A process that was given a lifeline ends when the other side of it is gone."""
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(free_port)],
        env=surroundings({**settings, "ESTEIO_LIFELINE_FD": str(reader)}),
        cwd=NOWHERE,
        pass_fds=(reader,),
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(reader)
        eventually(lambda: httpx_status(free_port) == 200)
        os.close(writer)
        assert process.wait(SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert not psutil.pid_exists(process.pid)


def httpx_status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code
    except httpx.HTTPError:
        return 0


def test_the_help_of_every_command() -> None:
    """Help needs no settings and costs no traceback; a word that is no command is exit code 2."""
    listed = run("--help", environment={})
    assert (listed.code, listed.err) == (0, "")
    caller = CliRunner()
    for command in ("up", "serve", "migrate", "users", "keys", "openapi", "check-config"):
        assert f"  {command} " in listed.out
        told = caller.invoke(cli, [command, "--help"])
        assert (told.exit_code, told.output.startswith(f"Usage: cli {command}")) == (0, True), told.output
    for wrong in (["dance"], ["serve", "--port", "many"], ["serve", "--workers", "0"], ["openapi", "--version", "v3"]):
        refused = caller.invoke(cli, wrong)
        assert (refused.exit_code, "Usage:" in refused.output) == (2, True), refused.output
