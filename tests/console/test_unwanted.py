"""A deployment that does not want the console."""

from tests.conftest import House


def test_where_it_is_not_wanted(house: House) -> None:
    """ESTEIO_HTTP__CONSOLE=false: its address is as if it were not there, and the start page does not lead to it."""
    with house(HTTP__CONSOLE="false") as served:
        for path in ("/console", "/console/jobs"):
            assert served.anonymous.get(path).status_code == 404
        assert "/console" not in served.anonymous.get("/", headers={"Accept": "text/html"}).text
    with house() as served:
        assert "/console" in served.anonymous.get("/", headers={"Accept": "text/html"}).text
