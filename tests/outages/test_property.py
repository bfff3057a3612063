"""What is counted, against a naive reference: random outages through the real API into the real database."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import Reading
from tests.conftest import House
from tests.house import Served
from tests.outages.reference import Outage, Pair, counted

NOW = datetime(2026, 5, 5, 15, tzinfo=UTC)
BASE = "/api/v2/outages"
RADAR = "/radar/quantitativointerrupcoesativas"
PAIRS: tuple[Pair, ...] = ((12727, 1400100), (12729, 1400100), (17354, 1400233), (17354, 1400506))
NAMES = ("A", "B", "C", "D", "E")
UNITS = "abcdef"
SPAN = 130
"""Half hours: the span of the outages' times, up to an hour after the present."""

BEGINNINGS = (-97, -96, -48, -13, -12, -2, -1, 0)
"""Few, so that outages often begin together; some at the edge of a band."""

halves = st.integers(-SPAN, 2)
listings = st.frozensets(st.sampled_from(UNITS), min_size=1)
areas = st.dictionaries(st.sampled_from(PAIRS), listings | listings | st.integers(0, 9), min_size=1, max_size=3)


@st.composite
def outage(draw: st.DrawFn) -> Outage:
    """Nested, late, of the same beginning, without any length, with counts, with lists, over several municípios."""
    began = draw(st.sampled_from(BEGINNINGS) | halves)
    ended = draw(st.none() | st.integers(max(1, began), 4) | st.integers(began, 4))
    return Outage(draw(st.booleans()), at(began), None if ended is None else at(ended), draw(areas))


steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(NAMES), outage()),
    st.tuples(st.just("again"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("areas"), st.sampled_from(NAMES), areas),
    st.tuples(st.just("planned"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("close"), st.sampled_from(NAMES), halves),
    st.tuples(st.just("reopen"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("bulk"), st.just(""), st.lists(st.tuples(st.sampled_from(NAMES), outage()), max_size=6)),
)
firsts = st.tuples(*(outage() for _ in NAMES)).map(lambda found: list(zip(NAMES, found, strict=True)))
universes = st.dictionaries(st.sampled_from(PAIRS), st.integers(0, 14))


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(clock=TurnableClock(NOW)) as running:
        running.client.put("/api/v2/limits/outages.radar", json={"rate": "1000000/minute"}).raise_for_status()
        yield running


def at(half_hours: int) -> datetime:
    return NOW + timedelta(minutes=30 * half_hours)


class World:
    """The house and the reference, which are told the same."""

    def __init__(self, served: Served, universe: dict[Pair, int]) -> None:
        self.client = served.client
        self._served = served
        self.outages: dict[str, Outage] = {}
        self.universe = universe
        for row in self.client.get(BASE, params={"per_page": 100}).json()["data"]:
            self._call("DELETE", f"{BASE}/{row['external_id']}")
        entries = [{"conjunto": c, "municipio": m, "served": units} for (c, m), units in universe.items()]
        self._call("PUT", f"{BASE}/universe", json=entries)

    def take(self, kind: str, name: str, value: Any) -> None:
        known = self.outages.get(name)
        if kind == "put":
            self._call("PUT", f"{BASE}/{name}", json=body(value))
            self.outages[name] = value
        elif kind == "bulk":
            lines = [json.dumps({**body(one), "external_id": each}) for each, one in value]
            kind_of_body = {"Content-Type": "application/x-ndjson"}
            self._call("POST", f"{BASE}/bulk", content="\n".join(lines), headers=kind_of_body)
            self.outages |= dict(value)
        elif known is not None:
            self._correct(kind, name, known, value)

    def _correct(self, kind: str, name: str, known: Outage, value: Any) -> None:
        path = f"{BASE}/{name}"
        if kind == "again":
            self._call("PUT", path, json=body(known))
        elif kind == "areas":
            self._call("PATCH", path, json={"areas": listed(value)})
            known.areas = value
        elif kind == "planned":
            self._call("PATCH", path, json={"planned": value})
            known.planned = value
        elif kind == "reopen":
            self._call("PATCH", path, json={"ended_at": None})
            known.ended = None
        elif kind == "delete":
            self._call("DELETE", path)
            del self.outages[name]
        elif (known.ended is None or known.ended > NOW) and at(value) >= known.began:
            self._call("POST", f"{path}/close", json={"ended_at": at(value).isoformat()})
            known.ended = at(value)

    def check(self, moment: datetime) -> None:
        """The regulator's rows at the moment; for the present the summary too."""
        ids = self._ids()
        assert set(ids) == set(self.outages)
        for name, one in self.outages.items():
            one.id = ids[name]
        expected = counted(list(self.outages.values()), self.universe, moment)
        then = f"{moment.astimezone(ZoneInfo('America/Sao_Paulo')):%d/%m/%Y %H:%M}"
        asked = {} if moment == NOW else {"dthRecuperacao": then}
        answer = self.client.get(RADAR, params=asked).json()
        assert answer["idcStatusRequisicao"] == 1, answer
        assert [tuple(row.values()) for row in answer["interrupcaoFornecimento"]] == [
            (*pair, units, counts.planned, counts.unplanned) for pair, (units, counts) in expected.items()
        ]
        assert all(counts.planned + counts.unplanned <= units for units, counts in expected.values())
        if moment == NOW:
            self._check_summary(expected)

    def _ids(self) -> dict[str, str]:
        asked = Reading("SELECT external_id, id::text AS id FROM outages")
        rows = self._served.run(lambda: self._served.app.resources.database.read(DEFAULT_TENANT, asked))
        return {row["external_id"]: row["id"] for row in rows}

    def _check_summary(self, expected: dict[Pair, Any]) -> None:
        summary = self.client.get(f"{BASE}/summary").json()["data"]
        served: dict[int, int] = defaultdict(int)
        out: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        bands = [[0, 0] for _ in range(7)]
        for (_, municipio), units in self.universe.items():
            served[municipio] += units
        for pair, (units, counts) in expected.items():
            served[pair[1]] += units if pair not in self.universe else 0
            out[pair[1]][0] += counts.planned
            out[pair[1]][1] += counts.unplanned
            for place, (planned, unplanned) in enumerate(counts.bands):
                bands[place][0] += planned
                bands[place][1] += unplanned
        shown = {row["municipio"]: (row["served"], row["planned"], row["unplanned"]) for row in summary["municipios"]}
        assert shown == {code: (units, *out[code]) for code, units in served.items() if units}
        assert [[band["planned"], band["unplanned"]] for band in summary["bands"]] == bands
        totals = summary["totals"]
        assert (totals["served"], totals["planned"] + totals["unplanned"]) == (
            sum(served.values()),
            sum(sum(one) for one in out.values()),
        )

    def _call(self, method: str, path: str, **options: Any) -> None:
        answer = self.client.request(method, path, **options)
        assert answer.is_success, answer.text
        assert "refused" not in answer.text or answer.json()["data"]["refused"] == 0


def body(one: Outage) -> dict[str, Any]:
    said: dict[str, Any] = {"planned": one.planned, "started_at": one.began.isoformat(), "areas": listed(one.areas)}
    return said if one.ended is None else said | {"ended_at": one.ended.isoformat()}


def listed(found: dict[Pair, int | frozenset[str]]) -> list[dict[str, Any]]:
    return [
        {"conjunto": pair[0], "municipio": pair[1]}
        | ({"affected": out} if isinstance(out, int) else {"ucs": sorted(out)})
        for pair, out in found.items()
    ]


@settings(max_examples=25)
@given(universe=universes, first=firsts, told=st.lists(steps, max_size=6), moments=st.lists(halves, max_size=3))
def test_what_is_counted_is_what_the_reference_counts(
    served: Served,
    universe: dict[Pair, int],
    first: list[tuple[str, Outage]],
    told: list[tuple[str, str, Any]],
    moments: list[int],
) -> None:
    """Whatever is reported, corrected, sent again, closed, reopened or removed: the rows, now and at past moments, and
    the public summary are those of the reference, and planned and unplanned are never more than are served."""
    world = World(served, universe)
    for kind, name, value in (("bulk", "", first), *told):
        world.take(kind, name, value)
        world.check(NOW)
    edges = {edge for one in world.outages.values() for edge in (one.began, one.ended) if edge is not None}
    for moment in {*map(at, moments), *sorted(edges)[-4:]}:
        if moment < NOW:
            world.check(moment)
