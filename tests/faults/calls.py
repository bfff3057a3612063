"""Every kind of call, and what each answered how soon."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

import httpx

from tests.house import Served, last_held

EMAIL, PASSWORD = "trial@example.org", "correct horse battery staple"
PATIENCE = 30.0
RECOVERED = 10.0
"""R5: seconds after a dependency's return in which everything is as before."""
ATTEMPTS = 4
_numbers = count(1)


@dataclass(frozen=True)
class Told:
    """An answer and the seconds it took. A connection that was not answered has the status 0."""

    kind: str
    status: int
    seconds: float
    answer: httpx.Response | None

    def __str__(self) -> str:
        text = self.answer.text[:300] if self.answer is not None else ""
        return f"{self.kind} → {self.status} after {self.seconds:.2f} s {text}"

    @property
    def headers(self) -> httpx.Headers:
        assert self.answer is not None
        return self.answer.headers

    def json(self) -> Any:
        assert self.answer is not None
        return self.answer.json()


class Calls:
    """Callers of one house. `kept` is a pet that is read again and again, `key` an API key of the database."""

    def __init__(self, served: Served) -> None:
        self.url = served.url
        self.kept = served.pet(name="Kept")["id"]
        self.key = served.key("pets:write")
        self.admin = served.client.headers["x-api-key"]
        self.kinds: Mapping[str, Callable[[httpx.Client], httpx.Response]] = {
            "public read": lambda client: client.get(f"/api/v2/pets?name=n{next(_numbers)}", headers=_from_afar()),
            "cached read": lambda client: client.get(f"/api/v2/pets/{self.kept}", headers=_from_afar()),
            "keyed read": lambda client: client.get("/api/v2/keys", headers={"X-API-Key": self.admin}),
            "stored key": lambda client: client.get(
                f"/api/v2/pets?name=n{next(_numbers)}", headers={"X-API-Key": self.key}
            ),
            "write": lambda client: self.write(client, f"Pet {next(_numbers)}"),
            "login": lambda client: client.post(
                "/api/v2/auth/login", json={"email": EMAIL, "password": PASSWORD}, headers=_from_afar()
            ),
            "strict": lambda client: client.get("/api/v2/trial/strict"),
            "livez": lambda client: client.get("/livez"),
            "readyz": lambda client: client.get("/readyz"),
            "health": lambda client: client.get("/api/v2/health"),
        }

    def write(self, client: httpx.Client, name: str) -> httpx.Response:
        headers = {"X-API-Key": self.admin, "Idempotency-Key": f"key-{next(_numbers)}"}
        return client.post("/api/v2/pets", json={"name": name, "species": "dog"}, headers=headers)

    def call(self, kind: str) -> Told:
        with httpx.Client(base_url=self.url, timeout=PATIENCE, verify=False) as client:
            began = monotonic()
            try:
                answer = self.kinds[kind](client)
            except httpx.HTTPError:
                return Told(kind, 0, monotonic() - began, None)
        return Told(kind, answer.status_code, monotonic() - began, answer)

    def at_once(self, kinds: Iterable[str] | None = None, times: int = 1) -> list[Told]:
        """Each kind so often, all at the same time."""
        wanted = [kind for kind in kinds or self.kinds for _ in range(times)]
        with ThreadPoolExecutor(len(wanted)) as crowd:
            return list(crowd.map(self.call, wanted))

    def by_kind(self) -> dict[str, Told]:
        return {told.kind: told for told in self.at_once()}

    def all_well(self) -> bool:
        return all(told.status in (200, 201) for told in self.at_once())

    def recover(self) -> None:
        """Wait until all is well; what is asked later than 10 s from now must be."""
        returned = monotonic()
        assert last_held(lambda: not self.all_well(), 60) - returned <= RECOVERED


def some_attempt(late: Callable[[], list[str]]) -> None:
    """Nothing is late in one of a few attempts at least; each says what was.

    A busy machine delays an answer now and then. A wait that is too long is there every time.
    """
    for _ in range(ATTEMPTS):
        if not (last := late()):
            return
    raise AssertionError(last)


def _from_afar() -> dict[str, str]:
    """Another address each time, so that limits by address do not stop the test."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"198.51.{number // 250 % 250}.{number % 250}"}
