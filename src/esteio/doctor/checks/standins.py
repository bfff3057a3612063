"""Stand-ins: servers that play somebody outside, which no real customer may meet."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from esteio.base.finding import Finding, error, warning
from esteio.doctor.checks.outside import variable_of
from esteio.doctor.checks.places import distance
from esteio.doctor.patient import Patient

_VARIABLE = "ESTEIO_DEVELOPMENT__STAND_INS"
_GREETING = b"ESMTP stand-in"


async def mail(patient: Patient) -> AsyncIterator[Finding]:
    """By its greeting: a real server on this machine is as good as any."""
    settings = patient.settings.mail
    if not settings.server or distance(settings.server) != "here":
        return
    if _GREETING in await _greeting(settings.server, settings.port, patient.habits.patience):
        yield error(
            "The mail server is a stand-in.",
            why="Letters are kept on this machine; nobody gets one.",
            fix="Name the server that sends your mail.",
            variable="ESTEIO_MAIL__SERVER",
        )


async def shown(patient: Patient) -> AsyncIterator[Finding]:
    """Whether the house would show and switch what is played, mails included."""
    if not patient.settings.development.stand_ins:
        return
    if patient.settings.environment == "production":
        yield warning(
            "A file of stand-ins is named, which production does not read.",
            why="Its operations are not there; somebody may have meant another deployment.",
            fix=f"Take {_VARIABLE} out.",
            variable=_VARIABLE,
        )
    else:
        yield error(
            "Administrators may read the mails that are played, and switch faults of parties outside.",
            why="The environment is development: letters with links that reset passwords lie open to them.",
            fix=f"Take {_VARIABLE} out, and set ESTEIO_ENVIRONMENT=production.",
            variable=_VARIABLE,
        )


async def _greeting(host: str, port: int, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, ValueError):
        return b""  # that it cannot be reached is what another check says


async def parties(patient: Patient) -> AsyncIterator[Finding]:
    """A party or an issuer on this machine: nobody outside lives there."""
    settings = patient.settings
    named = [(terms.issuer, terms.issuer, "ESTEIO_AUTH__ISSUERS") for terms in settings.auth.issuers]
    for manifest in patient.services:
        section = settings.services.get(manifest.name)
        urls = {party.name: party.terms(section).url for party in manifest.upstreams}
        named += [(name, url, variable_of(manifest.name, section, url)) for name, url in urls.items()]
    for name, url, variable in named:
        parts = urlsplit(url)
        if distance(parts.hostname or "") == "here":
            yield warning(
                f"{name} is played on this machine ({parts.hostname}).",
                why="A stand-in takes no real money, tells no real facts, and proves nobody's identity.",
                fix="Name the real party.",
                variable=variable,
            )
        elif parts.scheme == "http":
            yield error(
                f"{name} is called without TLS.",
                why="Whoever is in between reads what is sent, the credentials too, and answers in its place.",
                fix="Use its https:// address.",
                variable=variable,
            )
