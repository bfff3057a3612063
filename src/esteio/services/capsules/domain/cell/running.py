"""The tests, run by pytest as the project itself runs them."""

from pathlib import Path
from typing import Any

import pytest

_SHOWN = 6_000
_INI = """
[pytest]
pythonpath = src
addopts = -q --strict-markers --strict-config --noconftest -p no:cacheprovider -p no:faulthandler --maxfail=5
filterwarnings = error
xfail_strict = true
"""


class Outcomes:
    """What became of each test, by its function's name: the worst counts. `failures` are in pytest's words."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}
        self.failures = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self._note(report.nodeid or "collection", report.outcome, report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self._note(report.nodeid, report.outcome, report)

    def _note(self, node: str, outcome: str, report: Any) -> None:
        name = node.rpartition("::")[2].partition("[")[0]
        if self.by_name.get(name, "passed") == "passed":
            self.by_name[name] = outcome
        if outcome == "failed" and len(self.failures) < _SHOWN:
            self.failures += f"{name}\n{report.longreprtext}\n"[: _SHOWN - len(self.failures)]


def run(folder: Path, tests: str) -> dict[str, Any]:
    """pytest's own verdict, and the outcomes by name."""
    ini = folder / "pytest.ini"
    ini.write_text(_INI)
    outcomes = Outcomes()
    code = pytest.main(["-c", str(ini), "--rootdir", str(folder), str(folder / tests)], plugins=[outcomes])
    return {"exit": int(code), "outcomes": outcomes.by_name, "failures": outcomes.failures}
