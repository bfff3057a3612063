"""What is wrong with a deployment, or would be in production: in words for whoever runs it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. No secret stands in any of its words.

    severity: error for what loses data, lets strangers in or does not work; warning for what will one day; note for
    what is worth knowing. what: the fact. why: what comes of it. fix: what to do. variable: the setting to change,
    empty where none helps.
    """

    severity: Severity
    what: str
    why: str
    fix: str
    variable: str = ""


def error(what: str, *, why: str, fix: str, variable: str = "") -> Finding:
    return Finding("error", what, why, fix, variable)


def warning(what: str, *, why: str, fix: str, variable: str = "") -> Finding:
    return Finding("warning", what, why, fix, variable)


def note(what: str, *, why: str, fix: str, variable: str = "") -> Finding:
    return Finding("note", what, why, fix, variable)
