"""What secrets leave behind in a running deployment: nothing in clear, in no spelling, anywhere."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import httpx
import pytest
import redis

from esteio.embedded.engines import Engines
from tests.contract.process import served_process
from tests.house import ADMIN_KEY, AMPLE, NO_TLS, SECRET, altered, environment, sql

EMAIL = "quiet@example.org"
FIRST = "first: a pass/word & more?"
SECOND = "second: a pass/word & more?"
WRONG = "wrong: a pass/word & more?"
DONE = "everything was said"


@dataclass(frozen=True)
class Traces:
    """Everything that was kept or written while the secrets passed through, by where it was found."""

    secrets: dict[str, str]
    places: dict[str, bytes]


def spellings(secret: str) -> Iterator[bytes]:
    """The secret in clear, URL-encoded, in hexadecimal, and as base64 would hold it wherever it begins."""
    raw = secret.encode()
    yield from (raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), raw.hex().encode())
    yield secret.encode("unicode_escape").replace(b'"', b'\\"')
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * offset + raw)
            # The first and the last group also depend on what stands around the secret.
            yield text[4 if offset else 0 : len(text) // 4 * 4 - 4]


@contextmanager
def monitored(url: str) -> Iterator[list[str]]:
    """What Redis was sent by anybody while the block ran, byte for byte as MONITOR tells it."""
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(urlsplit(url).path)
        line.settimeout(20)
        line.sendall(b"MONITOR\r\n")
        assert line.recv(5) == b"+OK\r\n"
        received = bytearray()

        def listen() -> None:
            while DONE.encode() not in received:
                received.extend(line.recv(65_536))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield heard
        redis.Redis.from_url(url).execute_command("ECHO", DONE)
        thread.join(20)
        heard.append(received.decode("latin-1"))


def used(url: str) -> dict[str, str]:
    """Use secrets of every kind, rightly and wrongly; what they were."""
    with (
        httpx.Client(base_url=url, timeout=AMPLE, verify=NO_TLS) as nobody,
        httpx.Client(base_url=url, timeout=AMPLE, verify=NO_TLS) as admin,
    ):
        admin.headers["X-API-Key"] = ADMIN_KEY
        found = {**keys_of(admin), **logins_of(nobody)}
        broken = found["a mistyped key"]
        for headers in ({"X-API-Key": broken}, {"Authorization": f"Bearer {broken}"}, {"Authorization": broken}):
            assert nobody.get("/auth/me", headers=headers).status_code == 401
            assert nobody.get(f"/api/v2/pets?key={broken}", headers=headers).status_code == 401
        found["the first part of a token"] = found["an access token"].rpartition(".")[0]
        forged = found["the first part of a token"] + ".AAAA"
        assert nobody.get("/auth/me", headers={"Authorization": f"Bearer {forged}"}).status_code == 401
        failed = nobody.post("/auth/register", json={"email": "broken@example.org", "password": FIRST, "name": "B"})
        assert failed.status_code == 500
        assert admin.post("/api/v2/keys", json={"name": "broken", "scopes": []}).status_code == 500
    return found | {"the first password": FIRST, "the second password": SECOND, "a wrong password": WRONG}


def keys_of(admin: httpx.Client) -> dict[str, str]:
    body = {"name": "quiet", "scopes": ["pets:write"]}
    key = admin.post("/api/v2/keys", json=body, headers={"Idempotency-Key": "once"}).json()["data"]["key"]
    again = admin.post("/api/v2/keys", json=body, headers={"Idempotency-Key": "once"})
    assert again.json()["data"]["key"] == key
    with httpx.Client(base_url=admin.base_url, headers={"X-API-Key": key}, verify=NO_TLS) as holder:
        assert holder.get("/api/v2/auth/me").status_code == 200
        assert holder.get("/api/v2/keys").status_code == 403
    return {"a key": key, "a mistyped key": altered(key, -1)}


def logins_of(nobody: httpx.Client) -> dict[str, str]:
    right = {"email": EMAIL, "password": FIRST}
    assert nobody.post("/auth/register", json={**right, "name": "Q"}).status_code == 201
    assert nobody.post("/auth/login", json={**right, "password": WRONG}).status_code == 401
    assert nobody.post("/auth/login", json={"email": [WRONG], "password": {"x": WRONG}}).status_code == 422
    assert nobody.post("/auth/login", content=WRONG.encode()).status_code == 415
    first = nobody.post("/auth/login", json=right).json()
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert nobody.get("/auth/me", headers=bearer).status_code == 200
    change = {"password": FIRST, "new_password": SECOND}
    second = nobody.post("/auth/password", json=change, headers=bearer).json()
    third = nobody.post("/auth/refresh", json={"refresh_token": second["refresh_token"]}).json()
    assert nobody.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}).status_code == 401
    return {
        "an access token": first["access_token"],
        "a later access token": third["access_token"],
        "a used refresh token": second["refresh_token"],
        "a good refresh token": third["refresh_token"],
    }


def dumped(database_url: str) -> bytes:
    """Every value of every column of every table: text as it is, bytes as they are."""
    tables = sql(
        database_url,
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'",
    )
    values = []
    for row in tables:
        raw = row["data_type"] == "bytea"
        column = f'"{row["column_name"]}"' + ("" if raw else "::text")
        rows = sql(database_url, f'SELECT {column} FROM "{row["table_name"]}"')
        values += [found[0] if raw else str(found[0]).encode() for found in rows]
    return b"\n".join(value for value in values if value)


def remembered(url: str) -> bytes:
    """Every key of Redis with its value."""
    client = redis.Redis.from_url(url)
    values = []
    for key in client.scan_iter():
        kind = client.type(key)
        reads = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
            b"list": lambda name: client.lrange(name, 0, -1),
        }
        values += [key, repr(reads[kind](key)).encode()]
    return b"\n".join(values)


def make_fragile(database_url: str) -> None:
    """Let the database refuse some rows, and say in its refusal what they held."""
    sql(database_url, "ALTER TABLE users ADD CONSTRAINT fragile CHECK (email <> 'broken@example.org')")
    sql(database_url, "ALTER TABLE api_keys ADD CONSTRAINT fragile CHECK (name <> 'broken')")


@pytest.fixture(scope="module")
def traces(engines: Engines, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """What a deployment that logs all it can has left behind."""
    database_url, output = new_database(), tmp_path_factory.mktemp("secrets") / "output"
    make_fragile(database_url)
    given = environment(database_url, engines.redis_url, TELEMETRY__LOG_LEVEL="debug", TELEMETRY__LOG_FORMAT="json")
    with monitored(engines.redis_url) as commands, served_process(given, output, _free_port()) as running:
        secrets = used(running.url)
        metrics = httpx.get(f"{running.url}/metrics", headers={"X-API-Key": ADMIN_KEY}).content
    secrets |= {"the environment's key": ADMIN_KEY, "the master secret": SECRET}
    places = {
        "the log": Path(output).read_bytes(),
        "the database": dumped(database_url),
        "Redis": remembered(engines.redis_url),
        "what Redis was told": "\n".join(commands).encode(),
        "the metrics": metrics,
    }
    return Traces(secrets, places)


PLACES = ("the log", "the database", "Redis", "what Redis was told", "the metrics")


@pytest.mark.parametrize("place", PLACES)
def test_no_place_holds_a_secret(traces: Traces, place: str) -> None:
    """No key, password or token, right or wrong, stands anywhere in clear, base64, hexadecimal or URL-encoded."""
    assert len(traces.secrets) == 12
    kept = traces.places[place]
    held = [name for name, secret in traces.secrets.items() if any(form in kept for form in spellings(secret))]
    assert held == []


def test_no_place_holds_a_private_key_or_a_hash_that_it_should_not(traces: Traces) -> None:
    """Password hashes leave the database neither by the log nor by metrics; private keys are nowhere."""
    for place in PLACES:
        assert b"PRIVATE KEY" not in traces.places[place]
        assert (b"$argon2" in traces.places[place]) == (place == "the database")


def test_the_places_were_looked_at(traces: Traces) -> None:
    """Each place holds what it must hold, so that finding nothing there means something."""
    log = traces.places["the log"]
    assert log.count(b'"event":"request"') > 15
    assert log.count(b"unexpected failure") == 2
    assert b"credentials refused" in log
    assert EMAIL.encode() in traces.places["the database"]
    assert b"limit" in traces.places["Redis"]
    assert DONE.encode() in traces.places["what Redis was told"]
    assert b"esteio_auth_refusals_total" in traces.places["the metrics"]


@pytest.mark.parametrize("offset", range(4))
def test_the_search_finds_what_is_there(offset: int) -> None:
    """Each spelling is found wherever in a longer text it begins."""
    around = b"x" * offset + FIRST.encode() + b"yyyy"
    for text in (around, base64.b64encode(around), base64.urlsafe_b64encode(around), around.hex().encode()):
        assert any(form in text for form in spellings(FIRST))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
