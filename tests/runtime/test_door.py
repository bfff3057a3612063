"""The check at the door: a service that is not fit does not come in, and the refusal names what to mend."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter

from esteio.app import create_app
from esteio.base.errors import StartRefused
from esteio.http.answers import Answer
from esteio.http.rules import rules
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.settings import read_settings
from tests.conftest import House
from tests.house import environment


def service(mark: Callable[[Any], Any] | None = None, **members: Any) -> Manifest:
    """A service with the one operation `GET /api/v2/stones`."""
    router = APIRouter()

    async def list_stones() -> Answer:
        """All stones."""
        return Answer([])

    router.get("/stones")(mark(list_stones) if mark else list_stones)
    return Manifest(name="stones", routers={"v2": router}, **members)


def refusal(*services: Manifest) -> str:
    settings = read_settings({}, environ=environment("postgresql:///nowhere", "redis://127.0.0.1:1"))
    with pytest.raises(StartRefused) as refused:
        create_app(settings, services)
    return str(refused.value)


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (service(), "GET /api/v2/stones has no rules"),
        (service(rules()), "GET /api/v2/stones has no permission and is not in its manifest's public list"),
        (service(rules("stones:read")), "asks for stones:read, which no manifest declares"),
        (
            service(rules("keys:read"), public=frozenset({"GET /api/v2/stones"})),
            "is in a public list but asks for keys:read",
        ),
        (
            service(rules(), public=frozenset({"GET /api/v2/stones", "GET /api/v2/sticks"})),
            "GET /api/v2/sticks is in a public list, but there is no such operation",
        ),
        (
            service(rules(limits=("stones.list",)), public=frozenset({"GET /api/v2/stones"})),
            "names the limit stones.list, which no manifest declares",
        ),
        (
            service(rules("stones:read"), permissions={"keys:read": "take over"}),
            "The permission keys:read is declared twice",
        ),
        (
            service(rules("keys:read"), limits=(Policy("default", 1, 60),)),
            "The limit default is declared twice",
        ),
    ],
)
def test_an_unfit_service_stops_the_start(manifest: Manifest, sentence: str) -> None:
    """Nothing is open, guarded or limited by oversight: the start is refused in words that name the operation."""
    assert sentence in refusal(manifest)


def test_two_services_of_one_name_stop_the_start() -> None:
    """A name is one service's."""
    public = frozenset({"GET /api/v2/stones"})
    assert "The service stones is declared twice" in refusal(
        service(rules(), public=public), service(rules(), public=public)
    )


def test_a_third_partys_service_is_served_like_any_other(house: House) -> None:
    """A manifest from elsewhere gets guard, limits, envelope, headers and its place in the document."""
    stones = service(rules("stones:read"), permissions={"stones:read": "See stones"})
    with house(services=(stones,)) as running:
        answer = running.client.get("/api/v2/stones")
        assert (answer.status_code, answer.json()["data"]) == (200, [])
        assert answer.headers["x-ratelimit-limit"]
        assert running.anonymous.get("/api/v2/stones").status_code == 401
        assert running.client.get("/api/v2/pets").status_code == 404
        assert "/api/v2/stones" in running.client.get("/api/v2/openapi.json").json()["paths"]


def test_a_tenant_table_without_a_policy_stops_the_start(house: House, new_database: Callable[[], str]) -> None:
    """A table that holds rows of tenants and has no policy is named, and nothing is served."""
    from tests.house import sql

    database = new_database()
    sql(database, "CREATE TABLE stones (id int, tenant_id uuid NOT NULL)")
    with pytest.raises(StartRefused, match="stones"), house(database_url=database):
        pass
