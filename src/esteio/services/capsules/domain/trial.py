"""The trial of what a model wrote: read and run behind the wall, judged on this side of it."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esteio.services.capsules.domain.allowed import Allowed
from esteio.services.capsules.domain.notes import Note, NotTaken
from esteio.services.capsules.domain.sandbox import Ended, NoSandbox, confined

_PROBE_SECONDS = 10.0
_NOT_ALL = "Not every test ran and passed."
_REFUSALS: tuple[Note, ...] = ("NOT_PARSED", "FORBIDDEN_IMPORT", "FORBIDDEN_NAME", "NO_TESTS")


@dataclass(frozen=True, slots=True)
class Sources:
    """A module and its tests, for the package and under the name that they will have."""

    package: str
    name: str
    module: str
    tests: str


async def demand_sandbox() -> None:
    """The wall stands: what should not work behind it was tried, and did not. Raises `NoSandbox`."""
    ended = await confined({"work": "probe"}, _PROBE_SECONDS)
    if ended.timed_out or ended.code != 0 or len(ended.lines) != 1:
        raise NoSandbox("bubblewrap cannot make a sandbox here: are user namespaces allowed?")
    gaps = ended.lines[0].get("gaps")
    if gaps != []:
        raise NoSandbox(f"the sandbox has gaps: {gaps}")


async def tried(sources: Sources, seconds: float, allowed: Allowed | None = None) -> None:
    """Returns where at least one test ran, and all passed. Raises `NotTaken`, and `NoSandbox` where no wall is."""
    word = secrets.token_hex(16)
    order = {
        "work": "trial",
        "word": word,
        "package": sources.package,
        "name": sources.name,
        "module": sources.module,
        "tests": sources.tests,
        "allowed": (allowed or Allowed()).written(),
    }
    _judge(await confined(order, seconds), word)


def _judge(ended: Ended, word: str) -> None:
    """The first line was said before anything of the model ran; the second must have the word that only we gave."""
    first = ended.lines[0] if ended.lines else {}
    if ended.timed_out:
        raise NotTaken("TRIAL_TIMED_OUT", "The tests did not end in time.")
    if not first:
        raise NotTaken("NOT_PARSED", "The code could not be parsed within the limits.")
    if first.get("refused") in _REFUSALS:
        raise NotTaken(first["refused"], str(first.get("words", "")))
    if ended.code != 0 or len(ended.lines) != 2 or ended.lines[1].get("word") != word:
        raise NotTaken("TESTS_FAILED", "The process of the tests ended before they did: a limit, or an exit.")
    if not _all_passed(first.get("tests"), ended.lines[1]):
        raise NotTaken("TESTS_FAILED", _without_places(str(ended.lines[1].get("failures", ""))) or _NOT_ALL)


def _without_places(text: str) -> str:
    """What is told to the model says nothing of where things are on this machine."""
    return text.replace(str(Path(sys.base_prefix)), "…")


def _all_passed(tests: Any, result: Mapping[str, Any]) -> bool:
    """Each test that was read in the source has passed, no other has not, and pytest says so too."""
    outcomes = result.get("outcomes")
    if not isinstance(tests, list) or not isinstance(outcomes, dict) or not tests:
        return False
    ran = all(outcomes.get(name) == "passed" for name in tests)
    return ran and set(outcomes.values()) == {"passed"} and result.get("exit") == 0
