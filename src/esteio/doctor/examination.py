"""All checks at once, each bounded in time; what they found, and what could not be seen."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from esteio.base.errors import StartRefused
from esteio.base.finding import SEVERITIES, Finding, Severity, error, warning
from esteio.doctor.check import Check
from esteio.doctor.patience import NotKnown, words_of
from esteio.doctor.patient import Patient
from esteio.telemetry.masking import mask_text

BEYOND = 3.0
"""A check may take so many times the patience for one server: some ask twice."""

SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check came to. `unknown` says what could not be seen, empty where all was."""

    check: str
    title: str
    findings: tuple[Finding, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """The verdicts of all checks that were asked for, in their order."""

    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Check and finding, the worst first."""
        found = [(verdict.check, finding) for verdict in self.verdicts for finding in verdict.findings]
        return sorted(found, key=lambda item: SEVERITIES.index(item[1].severity))

    def number(self, severity: Severity) -> int:
        return sum(finding.severity == severity for _, finding in self.findings)


async def examine(patient: Patient, checks: Sequence[Check], skip: Collection[str] = ()) -> Examination:
    """Run the checks concurrently; done within `BEYOND` times the patience, a moment more for opening and closing."""
    chosen = [check for check in checks if check.name not in skip]
    async with patient.opened():
        verdicts = await asyncio.gather(*(_looked(check, patient) for check in chosen))
    return Examination((*_of_settings(patient.read, skip), *verdicts))


def _of_settings(read: object, skip: Collection[str]) -> list[Verdict]:
    """Settings that cannot be read are the first finding, one for each sentence about them."""
    if SETTINGS in skip or not isinstance(read, StartRefused):
        return []
    _, *lines = str(read).splitlines()
    found = tuple(
        error(
            mask_text(line.strip()),
            why="No process of this deployment starts with these settings.",
            fix="Set it right; `.env.example` lists every setting with what is allowed.",
            variable=next((word for word in line.split() if word.startswith("ESTEIO_")), ""),
        )
        for line in lines or [str(read)]
    )
    return [Verdict(SETTINGS, "The settings can be read", found)]


async def _looked(check: Check, patient: Patient) -> Verdict:
    found: list[Finding] = []
    seconds = patient.habits.patience * BEYOND
    unknown = ""
    try:
        async with asyncio.timeout(seconds):
            async for finding in check.look(patient):
                # One at a time: what was found before a time-out stays found.
                found.append(finding)  # noqa: PERF401
    except NotKnown as reason:
        unknown = mask_text(str(reason))
    except TimeoutError:
        found.append(_late(seconds))
    except Exception as failure:
        unknown = f"the check failed: {type(failure).__name__}: {words_of(failure)}"
    return Verdict(check.name, check.title, tuple(found), unknown)


def _late(seconds: float) -> Finding:
    return warning(
        f"This was not answered within {seconds:g} s.",
        why="What is silent now will keep the deployment waiting as well.",
        fix="See whether the server it asks is reachable from here; --patience gives it more time.",
    )
