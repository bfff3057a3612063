"""docs/petstory.md says what is so."""

import re
from pathlib import Path

from esteio.services.petstory.states import WAYS

DOCUMENT = Path(__file__).parents[2] / "docs" / "petstory.md"


def test_the_documents_ways_are_those_of_orders() -> None:
    """Every way from state to state that the document shows is one, and none is left out."""
    lines = re.findall(r"^([a-z_]+) +→ ([a-z_, ]+)$", DOCUMENT.read_text(), re.MULTILINE)
    told = {state: frozenset(to.split(", ")) - {"nothing"} for state, to in lines}
    assert told == WAYS
