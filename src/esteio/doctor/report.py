"""An examination as text for people and as one JSON document for programs."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from esteio.base.finding import SEVERITIES, Finding
from esteio.doctor.examination import Examination

SCHEMA = 1
"""Grows when a member of the document changes its meaning or goes; new members may come."""

_WIDTH = 110


def as_document(examined: Examination, *, strict: bool = False) -> dict[str, Any]:
    """The JSON document: `schema`, `fine`, `errors`, `warnings`, `notes`, `checks`."""
    return {
        "schema": SCHEMA,
        "fine": is_fine(examined, strict=strict),
        **{f"{severity}s": examined.number(severity) for severity in SEVERITIES},
        "checks": [
            {
                "name": verdict.check,
                "title": verdict.title,
                "unknown": verdict.unknown or None,
                "findings": [_finding(finding) for finding in verdict.findings],
            }
            for verdict in examined.verdicts
        ],
    }


def _finding(finding: Finding) -> dict[str, str | None]:
    return {
        "severity": finding.severity,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "variable": finding.variable or None,
    }


def is_fine(examined: Examination, *, strict: bool = False) -> bool:
    """Whether nothing was found that has to be mended first; `strict` counts warnings too."""
    return not examined.number("error") and not (strict and examined.number("warning"))


def as_text(examined: Examination) -> str:
    """The findings, the worst first, what could not be seen, and one line that sums up."""
    return "\n".join((*_findings(examined), *_unknown(examined), _sum(examined)))


def _findings(examined: Examination) -> Iterator[str]:
    for check, finding in examined.findings:
        yield f"{finding.severity.upper():<8} {check}: {finding.what}"
        yield from wrap(finding.why, _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)
        fix = f"{finding.fix} ({finding.variable})" if finding.variable else finding.fix
        yield from wrap(fix, _WIDTH, initial_indent="      -> ", subsequent_indent=" " * 9)
        yield ""


def _unknown(examined: Examination) -> Iterator[str]:
    """What one thing that is away keeps from many checks is said once."""
    unseen: dict[str, list[str]] = {}
    for verdict in examined.verdicts:
        if verdict.unknown:
            unseen.setdefault(verdict.unknown, []).append(verdict.check)
    for reason, checks in unseen.items():
        yield f"{'?':<8} {reason}"
        yield from wrap(", ".join(checks), _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)
    if unseen:
        yield ""


def _sum(examined: Examination) -> str:
    counted = ", ".join(
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in SEVERITIES
        if (number := examined.number(severity))
    )
    unseen = sum(bool(verdict.unknown) for verdict in examined.verdicts)
    beside = f"; {unseen} could not be answered" if unseen else ""
    return f"{len(examined.verdicts)} checks: {counted or 'nothing found'}{beside}."
