"""Searches what every test made the houses log, and fails the run where a line leaks; a plugin of pytest.

A test's lines are searched where it ran; what is found travels with its report, so that it works with `-n` and is not
lost with a worker that dies. Lines that a fixture's house writes later are found with the test that runs then.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from tests.logs.kept import found, listen

SHOWN = 100
_found: list[tuple[str, dict[str, str]]] = []


def pytest_configure() -> None:
    listen()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    if report.when == "teardown":
        report.leaks = [asdict(one) for one in found()]
    return report


def pytest_runtest_logreport(report: Any) -> None:
    _found.extend((report.nodeid, one) for one in getattr(report, "leaks", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _found and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _found:
        return
    terminalreporter.section("what should not be in a log", red=True)
    for test, one in _found[:SHOWN]:
        terminalreporter.write_line(f"{test}: a line {one['why']}\n    {one['line']!r}")
    terminalreporter.write_line(f"{len(_found)} in all")
