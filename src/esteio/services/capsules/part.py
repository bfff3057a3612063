"""What the routes of capsules share in a process."""

from typing import Any

from esteio.resources import Resources
from esteio.services.capsules.inspection.inspectors import Inspectors


def make_part(_: Any, __: Resources) -> Inspectors:
    """The places for looking at files."""
    return Inspectors()
