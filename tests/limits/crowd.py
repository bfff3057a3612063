"""Many hammering processes at once, and what they were admitted together."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HAMMER = Path(__file__).with_name("hammer.py")


@dataclass(frozen=True)
class Outcome:
    reports: list[dict[str, Any]]

    @property
    def admitted(self) -> list[float]:
        """Every exact admission's instant, in order; all processes of a machine share the monotonic clock."""
        return sorted(at for report in self.reports for at in report["admitted"])

    def total(self, name: str) -> Any:
        return sum(report[name] for report in self.reports)

    def count(self, name: str) -> int:
        return sum(len(report[name]) for report in self.reports)

    @property
    def longest(self) -> float:
        return max(report["longest"] for report in self.reports)


class Crowd:
    """Processes that begin to call at the same moment, once all are ready."""

    def __init__(self, processes: int, **orders: Any) -> None:
        self.members = [
            subprocess.Popen(
                [sys.executable, str(HAMMER), json.dumps(orders)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(processes)
        ]
        for member in self.members:
            assert member.stdout is not None
            assert member.stdout.readline() == "ready\n"

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            if member.poll() is None:
                member.kill()
            member.communicate()

    def go(self) -> None:
        for member in self.members:
            assert member.stdin is not None
            member.stdin.write("go\n")
            member.stdin.flush()

    def outcome(self) -> Outcome:
        answers = [member.communicate(timeout=60)[0] for member in self.members]
        return Outcome([json.loads(answer.splitlines()[-1]) for answer in answers])


def fullest(instants: list[float], window: float) -> int:
    """The most instants that any closed interval of the window's length holds."""
    most = first = 0
    for last, instant in enumerate(instants):
        while instant - instants[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most
