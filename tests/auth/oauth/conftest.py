"""A house for each module, whose limits are wide where they are not what is tested."""

from collections.abc import Iterator

import pytest

from tests.auth.oauth.party import Party, made
from tests.conftest import House
from tests.house import Served


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false", AUTH__ATTEMPTS_FREE="100") as running:
        yield running


@pytest.fixture(scope="module")
def party(served: Served) -> Party:
    """A client that no test changes."""
    return made(served, "pets:write", "capsules:read")
