"""Eight processes of fifty tasks each at one tenant's quota: never more than it allows, and never less."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.quotas.taking import hold, set_used
from tests.quotas.conftest import Ledger
from tests.quotas.things import NOON, THINGS

PROCESSES = 8
TASKS = 50
ENDS_WITHIN = 120.0


@dataclass
class Outcome:
    """What all racers together report."""

    stands: int
    most: int
    taken: int
    refused: int


class Race:
    """Racers that are ready and wait for the start."""

    def __init__(self, ledger: Ledger, tenant: UUID, **orders: Any) -> None:
        self._racers = [
            _racer({"url": ledger.url, "tenant": str(tenant), "tasks": TASKS, "seed": seed, **orders})
            for seed in range(PROCESSES)
        ]
        try:
            for racer in self._racers:
                assert racer.stdout is not None
                assert racer.stdout.readline() == "ready\n"
        except BaseException:
            self._end()
            raise

    def go(self) -> None:
        for racer in self._racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()

    def outcome(self) -> Outcome:
        """Once all have ended, none of which may have met anything but a refusal."""
        try:
            reports = [json.loads(racer.communicate(timeout=ENDS_WITHIN)[0]) for racer in self._racers]
        finally:
            self._end()
        assert [report["errors"] for report in reports] == [[]] * PROCESSES
        sums = {name: sum(report[name] for report in reports) for name in ("stands", "taken", "refused")}
        return Outcome(most=max(report["most"] for report in reports), **sums)

    def _end(self) -> None:
        for racer in self._racers:
            racer.kill()
            racer.wait()


def _racer(orders: dict[str, Any]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.quotas.racer", json.dumps(orders)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_exactly_the_amount_is_taken(ledger: Ledger) -> None:
    """Of 400 at once that each want one of 137, exactly 137 get it, and as many things are there."""
    tenant, amount = ledger.tenant(), 137
    race = Race(ledger, tenant, amount=amount, only_take=True)
    race.go()
    outcome = race.outcome()
    assert (outcome.taken, outcome.refused, outcome.most) == (amount, PROCESSES * TASKS - amount, amount)
    assert (ledger.used(tenant, THINGS), ledger.there(tenant)) == ([amount], amount)


def test_what_is_used_is_what_is_there(ledger: Ledger) -> None:
    """Whatever is taken, withdrawn and removed at once: never more than allowed, at the end exactly what stands.

    A recount in the midst of it finds what is there, and spoils nothing.
    """
    tenant, amount = ledger.tenant(), 60
    race = Race(ledger, tenant, amount=amount, only_take=False)
    race.go()
    recounts = [ledger.inside(tenant, lambda session: recount(session, tenant)) for _ in range(10)]
    outcome = race.outcome()
    assert all(used == there for used, there in recounts), recounts
    assert outcome.refused > 0, "nobody met the bound, so this proves nothing"
    assert outcome.most <= amount
    assert ledger.used(tenant, THINGS) == [outcome.stands] == [ledger.there(tenant)]


async def recount(session: AsyncSession, tenant: UUID) -> tuple[int, int]:
    """What was used before, and what there is, which is put down."""
    before = await hold(session, THINGS, tenant=tenant, now=NOON)
    there = int(await session.scalar(text("SELECT coalesce(sum(amount), 0) FROM things")) or 0)
    await set_used(session, THINGS, there, tenant=tenant, now=NOON)
    return before.used, there
