"""Callers that keep their connections, repeat nothing, and remember whatever failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import uuid4

import httpx

from tests.house import ADMIN_KEY, AMPLE, NO_TLS


class Load:
    """Each caller reads and writes in turn on one connection, as long as the load lasts.

    A caller that is told `Connection: close` obeys: it opens another connection, or, where `leaves` is set, is done.
    """

    def __init__(self, url: str, *, leaves: bool = False) -> None:
        self._url = url
        self._leaves = leaves
        self._stop = Event()
        self.answered = 0
        self.told_to_close = 0
        self.failures: list[str] = []
        self.written: list[str] = []

    @contextmanager
    def of(self, callers: int) -> Iterator["Load"]:
        threads = [Thread(target=self._call) for _ in range(callers)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(30)

    def wait(self, seconds: float) -> None:
        """Let the callers go on for a time; sooner when they have all left."""
        self._stop.wait(seconds)

    def _call(self) -> None:
        with httpx.Client(base_url=self._url, headers={"X-API-Key": ADMIN_KEY}, timeout=AMPLE, verify=NO_TLS) as client:
            while not self._stop.is_set():
                try:
                    if self._once(client) and self._leaves:
                        return
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))

    def _once(self, client: httpx.Client) -> bool:
        name = f"Load {uuid4()}"
        answers = []
        for ask in (
            lambda: client.get("/api/v2/pets?limit=2"),
            lambda: client.post("/api/v2/pets", json={"name": name, "species": "dog"}),
        ):
            answer = ask()
            answers.append(answer)
            self.answered += 1
            if answer.status_code >= 400:
                self.failures.append(f"{answer.request.method} {answer.status_code} {answer.text[:200]}")
            if answer.status_code == 201:
                self.written.append(name)
            if answer.headers.get("connection", "").lower() == "close":
                self.told_to_close += 1
                return True
        return False
