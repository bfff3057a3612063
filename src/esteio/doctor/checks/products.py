"""What the services say of themselves: their health, and what their manifests want an operator to know."""

import asyncio
from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, warning
from esteio.doctor.patience import words_of
from esteio.doctor.patient import Patient
from esteio.manifest import Degraded


async def health(patient: Patient) -> AsyncIterator[Finding]:
    for manifest in patient.services:
        for part, check in manifest.checks(patient.settings.services.get(manifest.name)).items():
            try:
                async with asyncio.timeout(patient.habits.patience):
                    await check(patient.resources)
            except Exception as failure:
                tell = warning if isinstance(failure, Degraded) else error
                yield tell(
                    f"{part}: {words_of(failure)}.",
                    why=f"{manifest.title or manifest.name} says that it is not well.",
                    fix=f"See docs/{manifest.name}.md.",
                )


async def declared(patient: Patient) -> AsyncIterator[Finding]:
    for manifest in patient.services:
        if manifest.doctor is not None:
            for finding in await manifest.doctor(patient.settings.services.get(manifest.name), patient.resources):
                yield finding
