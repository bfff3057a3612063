"""`esteio standin` as a process: what it tells, how it is ruled, how it ends."""

import os
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
import psutil
import pytest

from tests.cli.command import COMMAND, NOWHERE, SECONDS, run, surroundings
from tests.house import AMPLE, NO_TLS, eventually, unused_port

READY = re.compile(r"\w+ stand-in is ready at (\S+), its control at (\S+)\n")
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
def playing(
    *arguments: str, party: str = "fakestore", **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, the party's address, the control's."""
    process = subprocess.Popen(
        [*COMMAND, "standin", party, *arguments],
        env=surroundings(environment),
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
        assert httpx.get(f"{url}/products/1", timeout=AMPLE).json()["id"] == 1
        with socket.create_connection(("127.0.0.1", port), timeout=AMPLE) as caller:
            caller.sendall(b"GET /products/abc HTTP/1.1\r\n\r\n")
            eventually(lambda: httpx.get(control, timeout=AMPLE, verify=NO_TLS).json()["calls"]["total"] == 2)
            process.send_signal(number)
            assert process.wait(SECONDS) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, timeout=AMPLE)


def test_a_fault_from_the_start_is_switched_off_later() -> None:
    """`--fault refused` refuses from the first moment; the control, which answers all the same, ends that."""
    with playing("--port", "0", "--fault", "refused") as (_, url, control):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/products", timeout=AMPLE)
        httpx.put(control, json={"fault": "none"}, timeout=AMPLE).raise_for_status()
        assert len(httpx.get(f"{url}/products", timeout=AMPLE).json()) == 20


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
    names = run("standin", "--help", environment={}).out
    for party in "fakestore", "mercadopago", "gemini", "smtp", "oidc":
        assert f"  {party} " in names


@pytest.mark.parametrize(
    ("party", "library", "extra"), [("smtp", "aiosmtpd", "esteio[embedded]"), ("gemini", "PIL", "esteio[petstory]")]
)
def test_without_its_library(party: str, library: str, extra: str) -> None:
    """A party whose library is missing ends at once, and says what to install."""
    without = f"import runpy, sys; sys.modules[{library!r}] = None; runpy.run_module('esteio', run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-c", without, "standin", party, "--port", "0"],
        env=surroundings({}),
        cwd=NOWHERE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert f"pip install '{extra}'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_mercadopago_by_environment() -> None:
    """Token and secret that come by the environment are what it takes, and no command line shows them."""
    token = {"ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN": "TEST-of-this-test"}
    secret = {"ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": "signs-in-this-test"}
    with playing("--port", "0", party="mercadopago", **token, **secret) as (process, url, control):
        asked = {
            bearer: httpx.get(
                f"{url}/v1/payments/search", headers={"Authorization": f"Bearer {bearer}"}, timeout=AMPLE
            ).status_code
            for bearer in ("TEST-of-this-test", "TEST-of-another")
        }
        assert asked == {"TEST-of-this-test": 200, "TEST-of-another": 401}
        assert "duplicated" in httpx.get(control, timeout=AMPLE).json()["faults"]
        assert "of-this-test" not in " ".join(psutil.Process(process.pid).cmdline())


def test_gemini_with_a_key_and_models() -> None:
    """Only that key, only these models; an outcome from the start."""
    options = ("--port", "0", "--api-key", "k", "--model", "a-model", "--fault", "finish_no_image")
    with playing(*options, party="gemini") as (_, url, control):
        body = {"contents": [{"parts": [{"text": "A cat"}]}]}

        def answer(model: str, key: str) -> httpx.Response:
            place = f"{url}/v1beta/models/{model}:generateContent"
            return httpx.post(place, json=body, headers={"x-goog-api-key": key}, timeout=AMPLE)

        assert answer("a-model", "k").json()["candidates"][0]["finishReason"] == "NO_IMAGE"
        assert [answer("a-model", "other").status_code, answer("b-model", "k").status_code] == [400, 404]
        assert len(httpx.get(f"{control}/requests", timeout=AMPLE).json()) == 1


def test_an_issuer_of_a_shape() -> None:
    """Shape, realm, algorithms and audience are those of the command line; its control mints and rotates."""
    options = ("--port", "0", "--shape", "keycloak", "--realm", "sales", "--audience", "api")
    keys = ("--algorithm", "ES256", "--algorithm", "RS256")
    with playing(*options, *keys, party="oidc") as (_, url, control):
        told = httpx.get(f"{url}/realms/sales/.well-known/openid-configuration", timeout=AMPLE).json()
        assert told["issuer"] == f"{url}/realms/sales"
        made = httpx.post(f"{control}/tokens", json={"person": "maria"}, timeout=AMPLE).json()["token"]
        key = jwt.PyJWKClient(told["jwks_uri"]).get_signing_key_from_jwt(made)
        claims = jwt.decode(made, key, ["ES256"], audience="api", issuer=told["issuer"])
        assert "admin" in claims["realm_access"]["roles"]
        assert httpx.post(f"{control}/keys", timeout=AMPLE).json()["alg"] == "ES256"
        assert "other_issuer" in httpx.get(control, timeout=AMPLE).json()["faults"]


def test_a_mail_server_with_a_folder(tmp_path: Path) -> None:
    """A mail that it takes by STARTTLS from who has the password lies in the folder; the control tells of it."""
    options = ("--port", "0", "--folder", str(tmp_path / "mails"), "--user", "house")
    with playing(*options, party="smtp", ESTEIO_MAIL__PASSWORD="opens") as (process, url, control):
        assert url.startswith("smtp://127.0.0.1:")
        pem = httpx.get(f"{control}/certificate", timeout=AMPLE).text
        with smtplib.SMTP("127.0.0.1", httpx.URL(url).port or 0, timeout=AMPLE) as line:
            line.starttls(context=ssl.create_default_context(cadata=pem))
            line.login("house", "opens")
            line.sendmail("house@example.org", ["a@example.org"], "Subject: Kept\r\n\r\nhere")
        [kept] = httpx.get(f"{control}/mails", timeout=AMPLE).json()
        assert (kept["subject"], kept["to"], kept["tls"]) == ("Kept", ["a@example.org"], True)
        assert b"here" in (tmp_path / "mails" / f"{kept['id']}.eml").read_bytes()
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
