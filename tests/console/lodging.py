"""A real `esteio up` for the pages' tests: who may enter it, how it goes away and comes back."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.cli.command import COMMAND, NOWHERE, surroundings
from tests.house import NO_TLS, PATIENCE, eventually, unused_port
from tests.logs.kept import keep_file

LONG = 90.0
PASSWORD = "correct horse battery"
ROOMY = {
    "ESTEIO_AUTH__ARGON2_MEMORY_KIB": "1024",
    "ESTEIO_AUTH__ARGON2_PASSES": "1",
    "ESTEIO_HTTP__DRAIN_SECONDS": "2",
    **{f"ESTEIO_{name}": value for name, value in PATIENCE.items()},
}
ROOMY_RATE = "100000/minute"
ROOMY_LIMITS = ("default", "login", "realtime.messages", "jobs.enqueue")


@dataclass
class Person:
    """An account: its address, its password, and a client that calls as it."""

    email: str
    client: httpx.Client
    password: str = PASSWORD


@dataclass
class Lodging:
    """A running house. `admin` calls as its first administrator's key; `email` and `password` are that person's."""

    place: Path
    port: int
    told: str = ""
    process: "subprocess.Popen[str] | None" = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def email(self) -> str:
        return self._credential("E-mail")

    @property
    def password(self) -> str:
        return self._credential("Password")

    @property
    def admin(self) -> httpx.Client:
        return self.client({"X-API-Key": self._credential("API key")})

    @property
    def stand_ins(self) -> dict[str, Any]:
        """Where each party is played: `url`, `control`."""
        found: dict[str, Any] = json.loads((self.place / "data" / "stand-ins.json").read_text())
        return found

    def client(self, headers: dict[str, str]) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=NO_TLS)

    def person(self, *roles: str) -> Person:
        """A new account of the first tenant with these roles; an administrator unless said."""
        email = f"person-{uuid4().hex[:12]}@example.org"
        body = {"email": email, "password": PASSWORD, "name": "Ana", "roles": list(roles) or ["admin"]}
        made = self.admin.post("/api/v2/users", json=body)
        assert made.status_code == 201, made.text
        entered = httpx.post(
            f"{self.url}/auth/login", json={"email": email, "password": PASSWORD}, timeout=30, verify=NO_TLS
        )
        assert entered.status_code == 200, entered.text
        return Person(email, self.client({"Authorization": f"Bearer {entered.json()['access_token']}"}))

    def boss(self) -> Person:
        """A new account that is alone in a new tenant, as its administrator: nobody else's doings are seen there."""
        slug = f"own-{uuid4().hex[:10]}"
        email = f"boss@{slug}.example.org"
        first = {"email": email, "name": "Boss", "password": PASSWORD}
        made = self.admin.post("/api/v2/tenants", json={"slug": slug, "name": f"Tenant {slug}", "admin": first})
        assert made.status_code == 201, made.text
        entered = httpx.post(
            f"{self.url}/auth/login", json={"email": email, "password": PASSWORD}, timeout=30, verify=NO_TLS
        )
        assert entered.status_code == 200, entered.text
        return Person(email, self.client({"Authorization": f"Bearer {entered.json()['access_token']}"}))

    def start(self) -> None:
        """Start it, or start it again with the data that it had."""
        command = [*COMMAND, "up", "--data-dir", str(self.place / "data"), "--port", str(self.port), "--workers", "2"]
        with (self.place / "log").open("a") as log:
            self.process = subprocess.Popen(
                command,
                env=surroundings({**ROOMY, **self.environment}),
                cwd=NOWHERE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("Esteio is ready at"):
                break
        else:
            pytest.fail((self.place / "log").read_text()[-4000:])
        self.told = self.told or said

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LONG)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The house is not there for the time of the block, and answers again at its end."""
        self.stop()
        try:
            yield
        finally:
            self.start()
            eventually(lambda: httpx.get(f"{self.url}/readyz", timeout=5, verify=NO_TLS).status_code == 200, LONG)

    @contextmanager
    def limited(self, name: str, rate: str) -> Iterator[None]:
        """A limit is this small for the time of the block; processes hear of a change within a moment."""
        with self.admin as admin:
            self._set(admin, name, rate)
            try:
                yield
            finally:
                self._set(admin, name, ROOMY_RATE)

    def _set(self, admin: httpx.Client, name: str, rate: str) -> None:
        def done() -> bool:
            answer = admin.put(f"/api/v2/limits/{name}", json={"rate": rate})
            assert answer.status_code in (200, 429), answer.text
            return answer.status_code == 200

        eventually(done, LONG)

    def _credential(self, label: str) -> str:
        found = re.search(rf"^  {label} +(\S.*)$", self.told, re.MULTILINE)
        assert found, self.told
        return found[1]


@contextmanager
def lodging(**environment: str) -> Iterator[Lodging]:
    """A house from nothing, gone with all its data at the end of the block."""
    place = Path(tempfile.mkdtemp(prefix="esteio-test-console-"))
    running = Lodging(place, unused_port(), environment=environment)
    try:
        running.start()
        with running.admin as admin:
            for name in ROOMY_LIMITS:
                running._set(admin, name, ROOMY_RATE)
        yield running
    finally:
        running.stop()
        keep_file(place / "log", objects=False)
        shutil.rmtree(place, ignore_errors=True)
