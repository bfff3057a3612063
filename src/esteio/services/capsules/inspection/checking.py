"""Whether files are what their names say. Runs in the child process only."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from esteio.services.capsules.inspection.order import Pair
from esteio.services.capsules.inspection.parsing import Problem, kind_of, problem, problem_of

MOST_PROBLEMS = 100
SECONDS = 1.5
"""For one file, so that one that its parser takes too long for does not hide what is wrong with the others."""


class _TooSlow(Exception):
    """The parser was stopped."""


def checked(pairs: Iterable[Pair], shown: int) -> dict[str, Any]:
    """How many files were parsed, and the first problems: path, line, code, message."""
    signal.signal(signal.SIGPROF, _ring)
    parsed = 0
    problems: list[Problem] = []
    for pair in pairs:
        assert pair.after is not None, "a file is checked as it is"
        kind, found = _looked_at(pair.path, pair.after)
        parsed += kind is not None
        if found is not None:
            problems.append({"path": pair.path, **found})
    return {
        "parsed": parsed,
        "problems": problems[:MOST_PROBLEMS],
        "more_problems": max(0, len(problems) - MOST_PROBLEMS),
    }


def _looked_at(path: str, content: bytes) -> tuple[str | None, Problem | None]:
    try:
        with _alarm():
            return problem_of(path, content)
    except _TooSlow:
        kind = kind_of(path)
        assert kind is not None, "what has no parser takes no time"
        return kind, problem(kind, None, "takes too long to be parsed")


@contextmanager
def _alarm() -> Iterator[None]:
    """The time of the process itself, so that a busy machine condemns no file."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _ring(*_: object) -> None:
    raise _TooSlow
