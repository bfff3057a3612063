"""The ports of stand-ins: free when they are chosen, kept for the whole run."""

import socket
import sys

import pytest

from esteio.embedded.stand_ins import StandIn, held

PARTS = (StandIn("One", (), "ONE_URL"), StandIn("Two", (), "TWO_URL"))


def test_each_has_an_address_of_its_own() -> None:
    """By variable for those who call it, by name for whoever reads it."""
    with held(PARTS, taken=8000) as places:
        assert [*places.variables] == ["ONE_URL", "TWO_URL"]
        assert [*places.urls] == ["One", "Two"]
        assert len({8000, *(address.port for _, address in places.found)}) == 3
        for part, address in places.found:
            assert places.urls[part.name] == places.variables[part.variable] == f"http://127.0.0.1:{address.port}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port that is bound cannot be listened on by another")
def test_a_port_is_kept_while_its_stand_in_is_away() -> None:
    """Whoever says SO_REUSEADDR, as servers do, may listen there again and again; nobody gets it by chance."""
    with held(PARTS[:1], taken=8000) as places:
        place = ("127.0.0.1", places.found[0][1].port)
        for _ in range(2):
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(place)
            with socket.create_server(place), socket.create_connection(place, timeout=15):
                pass
    with socket.create_server(place):
        pass
