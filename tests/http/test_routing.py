"""The route table: every operation is found, and nothing else is."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI

from esteio.http.answers import Answer
from esteio.http.routing import RouteTable
from esteio.http.rules import rules
from tests.house import Served


async def _nothing() -> Answer:
    return Answer()


@pytest.fixture(scope="module")
def table() -> Iterator[RouteTable]:
    """Routes whose paths could be taken for one another."""
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/api/v2")
    endpoint = rules()(_nothing)
    for method, path in (
        ("GET", "/pets"),
        ("POST", "/pets"),
        ("GET", "/pets/search"),
        ("GET", "/pets/{pet_id}"),
        ("DELETE", "/pets/{identifier}"),
        ("GET", "/pets/{pet_id}/feedings/{feeding_id}"),
        ("GET", "/files/{name:path}"),
    ):
        router.add_api_route(path, endpoint, methods=[method])
    app.include_router(router)
    yield RouteTable(app.routes)


@pytest.mark.parametrize(
    ("method", "path", "found", "parameters"),
    [
        ("GET", "/api/v2/pets", "/api/v2/pets", {}),
        ("POST", "/api/v2/pets", "/api/v2/pets", {}),
        ("GET", "/api/v2/pets/search", "/api/v2/pets/search", {}),
        ("GET", "/api/v2/pets/rex", "/api/v2/pets/{pet_id}", {"pet_id": "rex"}),
        ("DELETE", "/api/v2/pets/rex", "/api/v2/pets/{identifier}", {"identifier": "rex"}),
        (
            "GET",
            "/api/v2/pets/rex/feedings/7",
            "/api/v2/pets/{pet_id}/feedings/{feeding_id}",
            {"pet_id": "rex", "feeding_id": "7"},
        ),
        ("GET", "/api/v2/files/a/b/c.txt", "/api/v2/files/{name}", {"name": "a/b/c.txt"}),
        ("HEAD", "/api/v2/pets", "/api/v2/pets", {}),
    ],
)
def test_an_operation_is_found_with_its_parameters(
    table: RouteTable, method: str, path: str, found: str, parameters: dict[str, str]
) -> None:
    """Fixed segments come before parameters, and each method's own names are given."""
    operation, given, _ = table.find(method, path)
    assert operation is not None
    assert (operation.path, given) == (found, parameters)


@pytest.mark.parametrize(
    "path", ["/", "/api/v2", "/api/v2/pets/", "/api/v2/pets//feedings/7", "/api/v2/pets/rex/feedings", "/pets", "//"]
)
def test_nothing_else_is_found(table: RouteTable, path: str) -> None:
    """A path that is no operation's is nobody's: no trailing slash is forgiven, no empty segment is a parameter."""
    assert table.find("GET", path) == (None, {}, ())


def test_a_known_path_says_which_methods_it_has(table: RouteTable) -> None:
    """Another method on a known path is told those that there are."""
    assert table.find("PATCH", "/api/v2/pets/rex") == (None, {}, ["DELETE", "GET", "HEAD", "OPTIONS"])


def test_every_operation_of_the_house_is_found(served: Served) -> None:
    """Whatever is mounted is reachable through the table, with the parameters that its path names."""
    for operation in served.app.table:
        path = operation.path
        for name in operation.names:
            path = path.replace(f"{{{name}}}", "x")
        found, parameters, _ = served.app.table.find(operation.method, path)
        assert found is operation
        assert set(parameters) == set(operation.names)
