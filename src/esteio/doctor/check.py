"""A check: a name, and a look that yields what it finds."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from esteio.base.finding import Finding
from esteio.doctor.patient import Patient

Look = Callable[[Patient], AsyncIterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """`look` raises `NotKnown` for what it cannot see because another part is away, which that part's check reports."""

    name: str
    title: str
    look: Look
