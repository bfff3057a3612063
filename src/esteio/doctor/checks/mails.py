"""The mail server: greeted, TLS put on, logged in; no letter is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, note, warning
from esteio.doctor.checks.places import distance
from esteio.doctor.patience import in_thread, words_of
from esteio.doctor.patient import Patient
from esteio.mail.connection import Connection
from esteio.mail.errors import MailUnavailable
from esteio.mail.settings import MailSettings


async def mail(patient: Patient) -> AsyncIterator[Finding]:
    settings = patient.settings.mail
    if not settings.server:
        yield note(
            "No mail server is set.",
            why="Nobody gets a letter: no forgotten password, no invitation, no book.",
            fix="Set it where the products or accounts need mail.",
            variable="ESTEIO_MAIL__SERVER",
        )
        return
    terms = settings.model_copy(update={"timeout": patient.habits.patience})
    try:
        await _greeted(terms)
    except (MailUnavailable, OSError, ssl.SSLError) as failure:
        yield error(
            f"The mail server {settings.server}:{settings.port} cannot be used: {words_of(failure)}.",
            why="Every letter waits, and is given up after some days.",
            fix="See docs/mail.md, which explains each of these answers.",
            variable="ESTEIO_MAIL__SERVER",
        )
    if not settings.user and distance(settings.server) == "far":
        yield warning(
            f"Nobody logs in at {settings.server}.",
            why="A server on the Internet that takes letters from anybody is refused by most others, or closes soon.",
            fix="Set user and password.",
            variable="ESTEIO_MAIL__USER",
        )


async def _greeted(settings: MailSettings) -> None:
    context = None
    if settings.wrapping != "none":
        context = await in_thread(lambda: _trusting(settings.ca_file))
    connection = Connection(settings, settings.hello or "localhost", context)
    try:
        async with asyncio.timeout(settings.timeout):
            await connection.open()
        connection.leave()
    finally:
        connection.drop()


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
