"""An operator who gave a key is told where the model's work cannot be tried."""

from pathlib import Path
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from esteio.services.capsules.health import AGAIN
from tests.capsules.domain.wall import needs_wall
from tests.conftest import House
from tests.house import Served, eventually

PART = "capsules.sandbox"


def parts(served: Served, clock: TurnableClock) -> dict[str, Any]:
    clock.turn(AGAIN + 1)
    found: dict[str, Any] = served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
    return found


@needs_wall
def test_degraded_without_a_sandbox(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key: ok where there is a sandbox, degraded where bubblewrap went, and requests are answered all along."""
    clock = TurnableClock()
    with house(clock=clock, CAPSULES__GEMINI_API_KEY="key") as served:
        eventually(lambda: parts(served, clock)[PART] == "ok")
        monkeypatch.setenv("PATH", str(tmp_path))
        eventually(lambda: "bubblewrap (bwrap) is not installed" in parts(served, clock)[PART])
        assert parts(served, clock)[PART].startswith("degraded")
        assert served.client.get("/readyz").status_code == 200


def test_without_a_key_there_is_nothing_to_look_at(house: House) -> None:
    """A deployment that asks no model needs no sandbox."""
    with house() as served:
        assert PART not in served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
