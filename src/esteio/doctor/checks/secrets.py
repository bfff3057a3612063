"""Secrets that are no secrets: short, from an example, or what everybody tries first."""

import re
from collections.abc import AsyncIterator, Iterator

from esteio.base.finding import Finding, error, warning
from esteio.doctor.checks.places import databases, place
from esteio.doctor.patient import Patient
from esteio.settings import Settings

_EXAMPLE = re.compile(
    r"change.?me|change.?this|replace.?(me|this|it|with)|your.?(own|secret|key|password)|example|insecure|placeholder"
    r"|default|password|passwd|not.?(a|so).?secret|super.?secret|a secret for|only.?for|for.?(tests?|development|dev)\b"
    r"|dummy|sample|qwerty|letmein|12345678|abcdefgh",
    re.IGNORECASE,
)
_TRIED_FIRST = frozenset(
    {"", "postgres", "esteio", "redis", "admin", "root", "guest", "secret", "test", "user", "123456", "1234"}
)
_VARIETY = 10
"""Different characters that a generated secret of 32 has at the very least."""

_SHORTEST = 12
_ENOUGH = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def guessable(secret: str, shortest: int = _SHORTEST) -> str:
    """Why a secret can be guessed, in words that do not show it; empty for one that looks generated."""
    if _EXAMPLE.search(secret) or secret.lower() in _TRIED_FIRST:
        return "it looks like one of an example"
    if len(secret) < shortest:
        return f"it has {len(secret)} characters"
    if len(set(secret)) < min(_VARIETY, shortest // 2 + 1):
        return f"it has only {len(set(secret))} different characters"
    if len(secret) >= 2 * shortest and secret[: len(secret) // 2] == secret[len(secret) // 2 :][: len(secret) // 2]:
        return "it repeats itself"
    return ""


async def secret_key(patient: Patient) -> AsyncIterator[Finding]:
    reason = guessable(patient.settings.secret_key.get_secret_value(), 32)
    if reason:
        yield error(
            f"The master secret can be guessed: {reason}.",
            why="Who guesses it signs tokens and links, and reads what is sealed with it.",
            fix=f"Generate one ({_ENOUGH}) and keep it in a secret store.",
            variable="ESTEIO_SECRET_KEY",
        )


async def passwords(patient: Patient) -> AsyncIterator[Finding]:
    """Those of the engines' addresses and of the mail server."""
    for variable, user, password in _passwords(patient.settings):
        reason = "it is the user's name" if password and password == user else guessable(password)
        if reason:
            yield error(
                f"The password in {variable} can be guessed: {reason}.",
                why="Who reaches that server can log in there.",
                fix=f"Give that user a generated password ({_ENOUGH}).",
                variable=variable,
            )


def _passwords(settings: Settings) -> Iterator[tuple[str, str, str]]:
    addresses = [*databases(settings.database), ("ESTEIO_REDIS__URL", settings.redis.url.get_secret_value())]
    if settings.jobs.broker_url is not None:
        addresses.append(("ESTEIO_JOBS__BROKER_URL", settings.jobs.broker_url.get_secret_value()))
    for variable, url in addresses:
        found = place(url)
        if found.password:
            yield variable, found.user, found.password
        if of_sentinels := found.asked("sentinel_password"):
            yield variable, found.asked("sentinel_username"), of_sentinels
    if settings.mail.user:
        yield "ESTEIO_MAIL__PASSWORD", settings.mail.user, settings.mail.password.get_secret_value()


async def environment_keys(patient: Patient) -> AsyncIterator[Finding]:
    keys = patient.settings.auth.environment_keys()
    weak = next(filter(None, (guessable(key) for key in keys)), "")
    if weak:
        yield error(
            f"An API key that the environment sets can be guessed: {weak}.",
            why="Whoever guesses it calls the API with its permissions.",
            fix="Remove it and make one with `esteio keys create`.",
            variable="ESTEIO_AUTH__API_KEY",
        )
    elif keys:
        yield warning(
            f"{len(keys)} API key{'s are' if len(keys) > 1 else ' is'} set by the environment.",
            why="Such keys do not expire, cannot be revoked one by one, and stand wherever the environment is shown.",
            fix="Make keys with `esteio keys create`, then remove the variable.",
            variable="ESTEIO_AUTH__API_KEY",
        )
