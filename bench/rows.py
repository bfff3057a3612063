"""The rows as data: which point is measured, against which other, to which bar, and how its cost may grow."""

from dataclasses import dataclass
from typing import Literal

from bench.points import Point


@dataclass(frozen=True)
class Ratio:
    """The subject's CPU divided by that of `against` shall be at most `bar`.

    `of` says whose CPU: the app's, or the app's and the engines' together where the work lies there. Without a bar the
    ratio is only told.
    """

    against: str
    bar: float | None
    of: Literal["server", "all"] = "server"


@dataclass(frozen=True)
class Growth:
    """The same work at two sizes; the exponent is log(cost2/cost1) / log(size2/size1)."""

    what: str
    small: str
    small_size: int
    large: str
    large_size: int
    of: Literal["server", "all"] = "server"


@dataclass(frozen=True)
class Row:
    name: str
    work: str
    subject: str
    ratios: tuple[Ratio, ...]
    growths: tuple[Growth, ...] = ()

    def points(self) -> set[str]:
        ends = {end for growth in self.growths for end in (growth.small, growth.large)}
        return {self.subject, *(ratio.against for ratio in self.ratios), *ends}


PEER_POINTS = (
    Point("bare", "bare", items=20, callers=0),
    Point("bare 200 items", "bare", "/pets-200", items=200, callers=0),
    Point("bare 1 item", "bare", "/pet", callers=0),
    Point("bare 304", "bare", "/not-modified", 304, callers=0),
    Point("bare 401", "bare", "/unauthenticated", 401, callers=0),
    Point("bare 429", "bare", "/limited", 429, callers=0),
    Point("fastapi", "fastapi", items=20, callers=0),
    Point("fastapi 200 items", "fastapi", "/pets-200", items=200, callers=0),
    Point("fastapi 1 item", "fastapi", "/pet", callers=0),
    Point("classic", "classic", items=20),
    Point("django", "django", items=20),
    Point("litestar", "litestar", items=20),
    Point("asyncpg", "asyncpg", items=20, callers=0),
    Point("asyncpg 200 items", "asyncpg", "/pets-200", items=200, callers=0),
)

ROWS = (
    Row(
        "P1",
        "guarded GET of 20 items, cache missed",
        "esteio",
        (Ratio("fastapi", 1.35),),
        (
            Growth("items", "esteio", 20, "esteio 200 items", 200),
            Growth("items, bare FastAPI", "fastapi", 20, "fastapi 200 items", 200),
            Growth("callers", "esteio 1 caller", 1, "esteio 1000 callers", 1000),
            Growth("processes", "esteio", 1, "esteio 2 processes", 2),
        ),
    ),
    Row(
        "P2",
        "the same from the response cache",
        "esteio cached",
        (Ratio("fastapi", 0.7), Ratio("bare", 2.0)),
        (
            Growth("items", "esteio cached", 20, "esteio cached 200 items", 200),
            Growth("items, bare ASGI", "bare", 20, "bare 200 items", 200),
            Growth("callers", "esteio cached 1 caller", 1, "esteio cached 1000 callers", 1000),
        ),
    ),
    Row(
        "P2",
        "20 products of the store from the response cache",
        "store list",
        (Ratio("fastapi", 0.7), Ratio("bare", 2.0)),
    ),
    Row(
        "P2",
        "a product of the store from the response cache",
        "store item",
        (Ratio("fastapi 1 item", 0.7), Ratio("bare 1 item", 2.0)),
    ),
    Row(
        "P1",
        "20 of 1 000 capsules from PostgreSQL, guards on",
        "capsules from rows",
        (Ratio("fastapi", None), Ratio("asyncpg", 2.5)),
    ),
    Row(
        "P2",
        "20 of 1 000 capsules from the response cache",
        "capsules",
        (Ratio("fastapi", 0.7), Ratio("bare", 2.0)),
    ),
    Row(
        "P3",
        "the same as 304",
        "esteio 304",
        (Ratio("bare", 1.6), Ratio("bare 304", None)),
        (Growth("items", "esteio 304", 20, "esteio 304 200 items", 200),),
    ),
    Row("P4", "401 under flood", "esteio 401", (Ratio("bare 401", 1.5),)),
    Row(
        "P4",
        "429 under flood",
        "esteio 429",
        (Ratio("bare 429", 1.5),),
        (Growth("callers", "esteio 429", 1, "esteio 429 1000 callers", 1000),),
    ),
    Row(
        "P5",
        "P1's work against the peers",
        "esteio",
        (Ratio("classic", 1 / 10), Ratio("django", 1 / 8), Ratio("litestar", 1 / 4)),
    ),
    Row(
        "P6",
        "20 rows from PostgreSQL, guards on",
        "esteio rows",
        (Ratio("asyncpg", 2.5),),
        (
            Growth("items", "esteio rows", 20, "esteio rows 100 items", 100),
            Growth("items, raw asyncpg", "asyncpg", 20, "asyncpg 200 items", 200),
        ),
    ),
    Row(
        "P7",
        "cursor page 900 000 rows deep, of 1 000 000",
        "esteio deep page",
        (Ratio("esteio first page", 1.2, "all"),),
        (Growth("rows before the page", "esteio first page", 1, "esteio deep page", 900_000, "all"),),
    ),
    Row("T1", "P1's work with one request in ten traced", "esteio traced", (Ratio("esteio", 1.10),)),
    Row(
        "P12",
        "ANEEL's answer over 1 000 000 outages, from the response cache",
        "outages cached",
        (Ratio("esteio cached", 1.2),),
    ),
)
