"""Operations that follow somebody else's contract: their refusals have its form, whichever step of the gate refuses."""

from collections.abc import Iterator
from typing import Any, Literal

import httpx
import orjson
import pytest
from fastapi import APIRouter

from esteio.base.clock import TurnableClock
from esteio.base.errors import EsteioError, Forbidden
from esteio.http.answers import Answer, Origin
from esteio.http.exchange import Exchange, Reply
from esteio.http.rules import Cached, rules
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from tests.conftest import House
from tests.house import ADMIN_KEY, Served, eventually

BAD_ADDRESS = b"from-afar"
FRESH = Cached(seconds=60, tags=("toll",), per="tenant")


class Booth:
    """The part of the service: what its manner notes, and whether it was opened and closed."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, int, Any]] = []
        self.states: list[str] = []

    async def open(self) -> None:
        self.states.append("open")

    async def close(self) -> None:
        self.states.append("closed")


class TollManner:
    """Says everything in two words, always with 200 but for what the gate itself must say."""

    def __init__(self, booth: Booth) -> None:
        self._booth = booth

    def bars(self, exchange: Exchange) -> EsteioError | None:
        return Forbidden() if exchange.headers.get(b"x-place") == BAD_ADDRESS else None

    def reply(self, refusal: EsteioError, exchange: Exchange) -> Reply:
        body = orjson.dumps({"toll": "refused", "code": refusal.code})
        return exchange.reply(refusal.status, [(b"content-type", b"application/json")], body)

    def ended(self, exchange: Exchange, seconds: float) -> None:
        note = exchange.answer.note if exchange.answer is not None else None
        self._booth.noted.append((exchange.method, exchange.status, note))


def service(booth: Booth, clock: TurnableClock) -> Manifest:
    """Two operations in the manner at a path that the settings decide, and one whose answers have an age."""

    @rules("toll:ask", limits=("toll.few",), manner="toll")
    async def toll() -> Answer:
        """What it costs."""
        return Answer({"toll": 3}, note="asked")

    @rules("toll:ask", limits=(), manner="toll")
    async def broken() -> Answer:
        """Something nobody foresaw."""
        raise ZeroDivisionError

    @rules("toll:ask", limits=(), cached=FRESH)
    async def aged(state: Literal["HIT", "MISS", "STALE", "FALLBACK"]) -> Answer:
        """An answer that was fetched seven seconds ago, and may be kept for ten where it is good."""
        good = state in ("HIT", "MISS")
        return Answer({"toll": 3}, origin=Origin(state, clock.timestamp() - 7), keep=10.0 if good else 0.0)

    def placed(settings: Any) -> APIRouter:
        router = APIRouter()
        router.get("/old/toll")(toll)
        router.get("/old/broken")(broken)
        router.get("/api/v2/toll/{state}")(aged)
        return router

    return Manifest(
        name="toll",
        routers={"": placed},
        permissions={"toll:ask": "ask"},
        limits=(Policy("toll.few", quota=3, window=60),),
        part=lambda settings, resources: booth,
        manners={"toll": lambda settings, part: TollManner(part)},
    )


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="module")
def booth() -> Booth:
    return Booth()


@pytest.fixture(scope="module")
def served(house: House, booth: Booth, clock: TurnableClock) -> Iterator[Served]:
    with house(services=(service(booth, clock),), clock=clock) as running:
        yield running
    assert booth.states == ["open", "closed"], "a part is opened and closed with its process"


def last_noted(booth: Booth) -> tuple[str, int, Any]:
    return eventually(lambda: booth.noted and booth.noted.pop())


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["toll"] == "refused"
    return answer.status_code, body["code"]


def test_every_step_refuses_in_the_contracts_form(served: Served, booth: Booth) -> None:
    """A missing key, a wrong one, a method that is not there, a failure: all have the contract's body."""
    client = served.anonymous
    assert refused(client.get("/old/toll")) == (401, "UNAUTHENTICATED")
    assert refused(client.get("/old/toll", headers={"X-API-Key": "guessed"})) == (401, "INVALID_CREDENTIALS")
    assert refused(served.client.post("/old/toll")) == (405, "METHOD_NOT_ALLOWED")
    assert refused(served.client.get("/old/broken")) == (500, "INTERNAL_ERROR")
    assert client.get("/old/elsewhere").json()["type"].endswith("/errors/not-found")


def test_a_contract_that_knows_no_head_refuses_it(served: Served) -> None:
    """HEAD is not answered in GET's stead, and Allow does not name it."""
    answer = served.client.head("/old/toll")
    assert answer.status_code == 405
    assert answer.content == b""
    assert "HEAD" not in served.client.options("/old/toll").headers["allow"]


def test_what_bars_comes_before_the_key(served: Served) -> None:
    """Who is barred learns nothing of whether the key is right."""
    bad = {"X-Place": BAD_ADDRESS.decode()}
    right, wrong = ({"X-API-Key": key, **bad} for key in (ADMIN_KEY, "guessed"))
    answers = [served.anonymous.get("/old/broken", headers=each) for each in (right, wrong, bad)]
    assert [refused(answer) for answer in answers] == [(403, "FORBIDDEN")] * 3


def test_the_limit_refuses_in_the_contracts_form(served: Served) -> None:
    """A 429 has the contract's body too."""
    client = served.with_key(served.key("toll:ask"))
    answers = [client.get("/old/toll") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert refused(answers[-1]) == (429, "RATE_LIMITED")


def test_what_became_of_a_request_is_told_with_its_note(served: Served, booth: Booth) -> None:
    """The manner hears of successes with the answer's note, and of refusals."""
    booth.noted.clear()
    client = served.with_key(served.key("toll:ask"))
    client.get("/old/toll")
    assert last_noted(booth) == ("GET", 200, "asked")
    client.post("/old/toll")
    assert last_noted(booth) == ("POST", 405, None)


def test_a_kept_answer_grows_old_and_says_so(served: Served, clock: TurnableClock) -> None:
    """What was fetched for the first caller is a HIT for the next, as old as it is, and not kept past its time."""
    first = served.client.get("/api/v2/toll/MISS")
    assert (first.headers["x-cache"], first.headers["age"]) == ("MISS", "7")
    clock.turn(4)
    second = served.client.get("/api/v2/toll/MISS")
    assert (second.headers["x-cache"], second.headers["age"]) == ("HIT", "11")
    clock.turn(7)
    third = served.client.get("/api/v2/toll/MISS")
    assert (third.headers["x-cache"], third.headers["age"]) == ("MISS", "7")


@pytest.mark.parametrize("state", ["STALE", "FALLBACK"])
def test_a_makeshift_is_not_kept(served: Served, clock: TurnableClock, state: str) -> None:
    """What stands in for something better is looked for anew by the next caller."""
    for _ in range(2):
        answer = served.client.get(f"/api/v2/toll/{state}")
        assert (answer.headers["x-cache"], answer.headers["age"]) == (state, "7")
        clock.turn(1)
