"""What the tests of domain code share: whether there is a wall on this machine, and what was left behind it."""

import asyncio
from collections.abc import Iterable
from functools import cache
from typing import Any

import psutil
import pytest

from esteio.services.capsules.domain.sandbox import NoSandbox
from esteio.services.capsules.domain.trial import demand_sandbox
from esteio.services.capsules.making import Said, wish_of
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.settings import CapsulesSettings

KEY = "key-of-the-domain-tests"
CELL = "domain.cell.main"


@cache
def missing() -> str:
    """Why there is no wall here; empty where there is one."""
    try:
        asyncio.run(demand_sandbox())
    except NoSandbox as error:
        # A wall with a gap is a fault of ours, and no reason to leave the tests out.
        assert "gaps" not in str(error), error
        return str(error)
    return ""


needs_wall = pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")


def cells(of: Iterable[int] = ()) -> list[psutil.Process]:
    """Processes of trials among the descendants of this process, or of those named."""
    found = []
    for root in of or (psutil.Process().pid,):
        try:
            found += [one for one in psutil.Process(root).children(recursive=True) if _is_cell(one)]
        except psutil.NoSuchProcess:
            continue
    return found


def _is_cell(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and CELL in " ".join(process.cmdline())
    except psutil.Error:
        return False


def settings(url: str, **other: Any) -> CapsulesSettings:
    return CapsulesSettings(**{"gemini_api_key": KEY, "gemini_url": url, "trial_seconds": 2, **other})


def wish(*stack: str, description: str = "Takes the orders of a bakery.") -> Wish:
    return wish_of(Said("Orders API", description, stack or ("FastAPI",), ["Totals in cents"], ["No floats"]))
