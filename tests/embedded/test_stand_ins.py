"""The places of stand-ins: free when they are chosen, kept for the whole run, told to whoever may read the data."""

import json
import socket
import sys
from pathlib import Path

import pytest

from esteio.embedded.directory import DataDirectory
from esteio.embedded.stand_ins import StandIn, held
from tests.house import AMPLE

PARTS = (
    StandIn("One", lambda _: (), lambda place: {"ONE_URL": place.url, "ONE_SECRET": "s"}),
    StandIn("Two", lambda _: (), lambda place: {"TWO_PORT": str(place.address.port)}, scheme="smtp", keeps="mails"),
)


def test_each_has_places_of_its_own(tmp_path: Path) -> None:
    """By variable for those who call it, by name for whoever reads it; a port for each, and one for its control."""
    with held(PARTS, 8000, DataDirectory(tmp_path)) as places:
        one, two = (place for _, place in places.found)
        assert places.by_name == {"One": one, "Two": two}
        assert one.url == f"http://127.0.0.1:{one.address.port}"
        assert two.url == f"smtp://127.0.0.1:{two.address.port}"
        assert places.variables == {"ONE_URL": one.url, "ONE_SECRET": "s", "TWO_PORT": str(two.address.port)}
        assert len({8000, *(at.port for place in (one, two) for at in (place.address, place.control))}) == 5


def test_they_are_told_in_the_data_directory(tmp_path: Path) -> None:
    """In a file that only its owner may read, without what they are given; it goes with the house."""
    directory = DataDirectory(tmp_path)
    directory.stand_ins.write_text("of a run that was killed")
    with held(PARTS, 8000, directory) as places:
        one, two = (place for _, place in places.found)
        assert directory.stand_ins.stat().st_mode & 0o777 == 0o600
        assert json.loads(directory.stand_ins.read_text()) == {
            "One": {"url": one.url, "control": f"http://127.0.0.1:{one.control.port}/_standin"},
            "Two": {
                "url": two.url,
                "control": f"http://127.0.0.1:{two.control.port}/_standin",
                "mails": str(tmp_path / "mails"),
            },
        }
    assert not directory.stand_ins.exists()
    with held((), 8000, directory):
        assert not directory.stand_ins.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port that is bound cannot be listened on by another")
def test_a_port_is_kept_while_its_stand_in_is_away(tmp_path: Path) -> None:
    """Whoever says SO_REUSEADDR, as servers do, may listen there again and again; nobody gets it by chance."""
    with held(PARTS[:1], 8000, DataDirectory(tmp_path)) as places:
        found = places.found[0][1]
        for port in (found.address.port, found.control.port):
            place = ("127.0.0.1", port)
            for _ in range(2):
                with socket.socket() as other, pytest.raises(OSError, match="in use"):
                    other.bind(place)
                with socket.create_server(place), socket.create_connection(place, timeout=AMPLE):
                    pass
    with socket.create_server(place):
        pass
