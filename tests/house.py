"""The house as tests run it: the real application behind a real HTTP server, on a database of its own."""

import asyncio
import random
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

import asyncpg
import httpx
import uvicorn
from fastapi.dependencies import models

from esteio.app import Esteio, create_app
from esteio.base.clock import Clock
from esteio.cli.frames import socket_options
from esteio.cli.protocol import Protocol
from esteio.db.settings import DatabaseSettings
from esteio.manifest import Manifest
from esteio.runtime.opening import sections
from esteio.settings import read_settings

T = TypeVar("T")

SECRET = "a secret for tests, nobody else's " * 2
ADMIN_KEY = "the-key-of-the-first-administrator"
START_WITHIN = 60.0
BELOW_OUTGOING = range(20_000, 32_000)
"""Ports that no system gives to an outgoing connection."""

AMPLE = 60.0
"""Seconds that a test waits for an answer where the time is not the promise: room for a machine that stands still."""

PATIENCE = {
    "REDIS__DEADLINE": "2",
    "HTTP__TIME_BUDGET": "50",
    "DATABASE__CONNECT_TIMEOUT": "30",
    "DATABASE__ACQUIRE_TIMEOUT": "30",
    "DATABASE__LOCK_TIMEOUT": "40",
    "DATABASE__STATEMENT_TIMEOUT": "40",
    "DATABASE__TRANSACTION_TIMEOUT": "40",
    "DATABASE__REQUEST_TIMEOUT": "40",
}
"""Answers differ where an engine is given up, and a busy machine alone is no reason for that."""


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Given to clients of http:// addresses: a context of their own that trusts somebody takes longer than most answers."""


def eventually(condition: Callable[[], Any], within: float = 30.0, every: float = 0.02) -> Any:
    """The condition's first true value; fails when there is none in time.

    `within` says when to give up, not how soon it should be: that is asserted where it is promised.
    """
    waiting = threading.Event()
    end = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {within} s"
        waiting.wait(every)
    return value


def last_held(condition: Callable[[], Any], within: float = 30.0, every: float = 0.02) -> float:
    """The instant at which the last look began that found the condition true; fails where it never ends.

    What may hold for so many seconds is measured by this: a test that gets no time to look sees the end later, yet
    never finds the condition true for longer than it was.
    """
    waiting = threading.Event()
    held = began = time.monotonic()
    while condition():
        held = began
        assert time.monotonic() < held + within, f"still so after {within} s"
        waiting.wait(every)
        began = time.monotonic()
    return held


def altered(text: str, at: int = 0) -> str:
    """The text with another character in one place.

    What is put there is never what is there, and is a digit in base 16, 62 and 64 alike. Not for the last characters of
    base64, of which some bits may be nobody's.
    """
    at %= len(text)
    return text[:at] + ("a" if text[at] != "a" else "b") + text[at + 1 :]


def unused_port() -> int:
    """A port of the loopback address that nobody listens on, and that no outgoing connection will take meanwhile."""
    for port in random.SystemRandom().sample(BELOW_OUTGOING, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@cache
def _bound() -> socket.socket:
    """A socket that never listens: its port is nobody else's as long as the tests run."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def nobody() -> str:
    """The address of a server that refuses every connection at once."""
    return f"http://127.0.0.1:{_bound().getsockname()[1]}"


class Served:
    """A running house: `client` calls it as the first administrator, `anonymous` as nobody."""

    def __init__(self, app: Esteio, url: str, loop: asyncio.AbstractEventLoop, database_url: str) -> None:
        self.app = app
        self.url = url
        self.database_url = database_url
        self._loop = loop
        self.client = httpx.Client(base_url=url, headers={"X-API-Key": ADMIN_KEY}, timeout=AMPLE, verify=NO_TLS)
        self.anonymous = httpx.Client(base_url=url, timeout=AMPLE, verify=NO_TLS)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine inside the server's own loop, where its pools live."""

        async def working() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(working(), self._loop).result(AMPLE)

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Ask the database as its superuser, past every policy."""
        return sql(self.database_url, statement, *values)

    def pet(self, **members: Any) -> dict[str, Any]:
        """A registered pet."""
        answer = self.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog", **members})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def key(self, *scopes: str, **members: Any) -> str:
        """A new API key of the default tenant."""
        answer = self.client.post("/api/v2/keys", json={"name": "test", "scopes": list(scopes), **members})
        assert answer.status_code == 201, answer.text
        text: str = answer.json()["data"]["key"]
        return text

    def with_key(self, key: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"X-API-Key": key}, timeout=AMPLE, verify=NO_TLS)


def sql(database_url: str, statement: str, *values: Any) -> list[asyncpg.Record]:
    """Run one statement as the cluster's superuser."""

    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(ask())


def patient(url: str) -> DatabaseSettings:
    """The settings of a database without a house, for a machine that is busy."""
    bounds = {name.partition("__")[2].lower(): value for name, value in PATIENCE.items() if name.startswith("DATABASE")}
    return DatabaseSettings.model_validate({"url": url, **bounds})


def on_database(url: str, name: str) -> str:
    """The same cluster's address of another database."""
    return url.replace("/esteio?", f"/{quote(name)}?")


def environment(database_url: str, redis_url: str, **changes: str) -> dict[str, str]:
    """Settings as an operator would give them; `HTTP__BODY_LIMIT="2048"` is `ESTEIO_HTTP__BODY_LIMIT`."""
    return {
        "ESTEIO_SECRET_KEY": SECRET,
        "ESTEIO_DATABASE__URL": database_url,
        "ESTEIO_REDIS__URL": redis_url,
        **{f"ESTEIO_{name}": value for name, value in PATIENCE.items()},
        "ESTEIO_AUTH__API_KEY": ADMIN_KEY,
        "ESTEIO_AUTH__API_KEY_SCOPES": "*",
        "ESTEIO_AUTH__ARGON2_MEMORY_KIB": "1024",
        "ESTEIO_AUTH__ARGON2_PASSES": "1",
        "ESTEIO_LIMITS__DEFAULT": "100000/minute",
        "ESTEIO_HTTP__PUBLIC_URL": "https://api.example.org",
        "ESTEIO_HTTP__DRAIN_SECONDS": "2",
        **{f"ESTEIO_{name}": value for name, value in changes.items()},
    }


@contextmanager
def serve(
    given: dict[str, str], *, services: tuple[Manifest, ...] | None = None, clock: Clock | None = None
) -> Iterator[Served]:
    """A house with these settings, served on a free port until the block ends."""
    from esteio.catalog import SHIPPED

    chosen = SHIPPED if services is None else services
    if any(manifest.name == "store" for manifest in chosen):
        given = {"ESTEIO_STORE__UPSTREAM_URL": nobody(), **given}  # no test asks the real one
    settings = read_settings(sections(chosen), environ=given)
    app = create_app(settings, chosen, clock)
    # Named in full: asyncio turns Nagle's delay off for sockets that say TCP, and for no others.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=Protocol,
        **socket_options(settings.realtime),
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        with suppress(SystemExit):  # uvicorn's way of saying that the application did not open
            loop.run_until_complete(server.serve([listening]))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="house", daemon=True)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive(), START_WITHIN)
    if not server.started:
        raise app.refused or RuntimeError("the house did not start")
    served = Served(app, f"http://127.0.0.1:{listening.getsockname()[1]}", loop, given["ESTEIO_DATABASE__URL"])
    try:
        yield served
    finally:
        served.client.close()
        served.anonymous.close()
        loop.call_soon_threadsafe(app.end_streams)
        server.should_exit = True
        thread.join(AMPLE)
        listening.close()
        assert not thread.is_alive(), "the house did not stop"
        _forget_endpoints()


def _forget_endpoints() -> None:
    """FastAPI remembers of which kind endpoints are. Some are bound to their house, which would stay with them."""
    for remembered in vars(models).values():
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()
