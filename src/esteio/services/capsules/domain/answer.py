"""Reading what the model answered: the asked form, plain text, no more than its bounds. Python is parsed elsewhere."""

import json
import re
import unicodedata
from dataclasses import dataclass

from esteio.services.capsules.domain.notes import NotTaken
from esteio.services.capsules.packs.words import one_line, shortened

LONGEST = 40_000
"""Characters of the module, and of the tests."""

_SUMMARY = 300
_FENCE = re.compile(r"\A\s*```\w*\n(.*)\n```\s*\Z", re.DOTALL)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Written:
    """A module, its tests, and what the module does in one line."""

    summary: str
    module: str
    tests: str


def read(text: str) -> Written:
    """Raises `NotTaken` with `NOT_READ` for anything but the asked form."""
    try:
        data = json.loads(_FENCE.sub(r"\1", text))
    except (ValueError, RecursionError) as error:
        raise NotTaken("NOT_READ") from error
    if not isinstance(data, dict):
        raise NotTaken("NOT_READ")
    members = [data.get(name) for name in ("summary", "module", "tests")]
    summary, module, tests = (member if isinstance(member, str) else "" for member in members)
    return Written(shortened(one_line(summary), _SUMMARY), _source(module), _source(tests))


def _source(text: str) -> str:
    """The text of a file. What cannot be seen could make a reader see other code than what runs."""
    plain = _FENCE.sub(r"\1", text.replace("\r\n", "\n")).strip("\n") + "\n"
    hidden = any(unicodedata.category(letter) in _HIDDEN for letter in plain if letter not in "\n\t")
    if hidden or not plain.strip() or len(plain) > LONGEST:
        raise NotTaken("NOT_READ")
    return plain
