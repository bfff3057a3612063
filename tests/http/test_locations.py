"""Addresses in answers are those that callers reach."""

import pytest

from tests.conftest import House


@pytest.mark.parametrize(("public", "path"), [("https://example.org/esteio", "/esteio"), ("https://example.org", "")])
def test_what_was_created_is_where_callers_reach_it(house: House, public: str, path: str) -> None:
    """`Location` begins with the path below which the deployment stands, for what was made and for what is a task."""
    with house(HTTP__PUBLIC_URL=public) as served:
        made = served.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog"})
        assert made.headers["location"] == f"{path}/api/v2/pets/{made.json()['data']['id']}"
        assert f"<https://example.org{path}/api/v2/pets/" in made.headers["link"]
        first = served.client.post("/api/v1/pets", json={"name": "Rex", "species": "dog"})
        assert first.headers["location"] == f"{path}/api/v1/pets/{first.json()['id']}"
        asked = served.client.post("/api/v2/pets/export", json={"format": "csv"})
        assert asked.headers["location"] == f"{path}/api/v2/tasks/{asked.json()['data']['id']}"
