"""More than a process can do at once: what is begun is finished, the rest learns at once that it is not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter

from esteio.http.answers import Answer
from esteio.http.rules import rules
from esteio.manifest import Manifest
from tests.conftest import House
from tests.house import eventually


def test_past_the_bound_it_answers_503_at_once_and_is_well_again_after(house: House) -> None:
    """Of six requests for two places two are served, four are refused with Retry-After, and probes always answer."""
    gate, entered = asyncio.Event(), []
    router = APIRouter()

    @router.get("/slow")
    @rules()
    async def slow() -> Answer:
        """Waits until it is let go."""
        entered.append(1)
        await gate.wait()
        return Answer({})

    service = Manifest(name="slow", routers={"v2": router}, public=frozenset({"GET /api/v2/slow"}))
    with house(services=(service,), HTTP__MAX_RUNNING="2") as running, ThreadPoolExecutor(2) as crowd:
        begun = [crowd.submit(running.anonymous.get, "/api/v2/slow") for _ in range(2)]
        eventually(lambda: len(entered) == 2)
        refused = [running.client.get("/api/v2/slow") for _ in range(4)]
        assert {answer.status_code for answer in refused} == {503}
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert running.anonymous.get("/livez").status_code == 200
        assert running.anonymous.get("/readyz").status_code == 200

        async def let_go() -> None:
            gate.set()

        running.run(let_go)
        assert [answer.result().status_code for answer in begun] == [200, 200]
        assert running.client.get("/api/v2/slow").status_code == 200
