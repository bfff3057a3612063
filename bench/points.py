"""A point: one request, sent over and over to one app, with the answer that it must get."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench import load
from bench.servers import Server

PROBE_SECONDS = 10


@dataclass(frozen=True)
class Point:
    """`callers` keys take turns, none sends no key; `tolerated` other statuses may occur that many times a load.

    `path` may be found out once the app runs. `conditional` sends the ETag of a first answer as If-None-Match.
    """

    name: str
    app: str
    path: str | Callable[["Target"], str] = "/pets"
    expected: int = 200
    callers: int = 100
    items: int | None = None
    conditional: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    tolerated: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """A running app with the keys of its callers and what else its preparation found out."""

    server: Server
    keys: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        url = f"http://{load.HOST}:{self.server.port}{path}"
        return httpx.get(url, headers=headers, timeout=PROBE_SECONDS, trust_env=False)


class WrongAnswer(Exception):
    """An app did not answer as the point demands; its figure would compare nothing."""


def requests(point: Point, target: Target) -> list[bytes]:
    """The requests of the point's callers, after one of them has been tried and its answer looked at."""
    path = point.path if isinstance(point.path, str) else point.path(target)
    headers = [point.headers | {"X-API-Key": key} for key in target.keys[: point.callers]] or [point.headers]
    if point.conditional:
        tag = _tried(point, target, path, headers[0], 200).headers["etag"]
        headers = [each | {"If-None-Match": tag} for each in headers]
    _tried(point, target, path, headers[0], point.expected)
    return [load.head(path, each) for each in headers]


def check(point: Point, told: load.Load) -> None:
    """Refuse a load with any answer but those the point expects."""
    strange = {
        status: times
        for status, times in told.statuses.items()
        if status != point.expected and times > point.tolerated.get(status, 0)
    }
    if strange or told.broken or not told.answered:
        raise WrongAnswer(f"{point.name}: expected {point.expected}, got {told.statuses}, broken {told.broken}")


def _tried(point: Point, target: Target, path: str, headers: dict[str, str], expected: int) -> httpx.Response:
    answer = target.get(path, headers)
    while answer.status_code in point.tolerated and answer.status_code != expected:
        answer = target.get(path, headers)
    if answer.status_code != expected:
        raise WrongAnswer(f"{point.name}: {path} answered {answer.status_code}, not {expected}: {answer.text[:300]}")
    if point.items is not None and expected == 200:
        body = answer.json()
        rows = body["data"] if isinstance(body, dict) else body
        if len(rows) != point.items:
            raise WrongAnswer(f"{point.name}: {len(rows)} items, not {point.items}")
    return answer
