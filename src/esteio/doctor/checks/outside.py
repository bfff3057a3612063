"""Parties outside: do they answer where the settings say they are?"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx

from esteio.base.finding import Finding, error, warning
from esteio.doctor.checks.places import distance
from esteio.doctor.patience import in_thread, words_of
from esteio.doctor.patient import Patient
from esteio.jobs.broker import Carrier, make_celery
from esteio.redis.addresses import CLUSTER
from esteio.settings import Settings
from esteio.settings.variables import variable_name
from esteio.telemetry.tracing.exporters import ENDPOINTS
from esteio.upstream.transport import trusting

_PORTS = {"http": 80, "https": 443}
_LARGEST = 1_048_576


async def broker(patient: Patient) -> AsyncIterator[Finding]:
    """Where it is not the house's Redis, which has a check of its own."""
    settings = patient.settings
    url = settings.jobs.broker_url
    if url is None and settings.redis.url.get_secret_value().startswith(CLUSTER):
        yield error(
            "Redis is a Cluster, which cannot carry jobs, and no broker is named beside it.",
            why="Workers and schedulers refuse to start: jobs are written down and not run.",
            fix="Name RabbitMQ (amqps://…), or a Redis or Sentinels of the broker's own.",
            variable="ESTEIO_JOBS__BROKER_URL",
        )
    if url is None or url == settings.redis.url:
        return
    try:
        await asyncio.wait_for(in_thread(lambda: _opened(url.get_secret_value())), patient.habits.patience * 2)
    except Exception as failure:
        yield error(
            f"The broker cannot be reached: {type(failure).__name__}.",
            why="Jobs are written down and not run.",
            fix="See whether it runs, and whether address, user and password are right.",
            variable="ESTEIO_JOBS__BROKER_URL",
        )


def _opened(url: str) -> None:
    carrier = Carrier(make_celery(url))
    try:
        carrier.open()
    finally:
        carrier.close()


async def parties(patient: Patient) -> AsyncIterator[Finding]:
    """A connection to each party that a service calls, and nothing is asked of it."""
    settings = patient.settings
    for manifest in patient.services:
        for party in manifest.upstreams:
            url = party.terms(settings.services[manifest.name]).url
            refusal = await _refusal(url, patient.habits.patience)
            if refusal:
                yield warning(
                    f"{party.name} at {_host(url)} cannot be reached: {refusal}.",
                    why=f"What {manifest.name} needs of it is answered from what is kept, or with 503.",
                    fix="See whether this machine may call out, and whether the address is right.",
                    variable=variable_of(manifest.name, settings.services[manifest.name], url),
                )


async def observers(patient: Patient) -> AsyncIterator[Finding]:
    """A connection to whoever is sent traces and errors."""
    for variable, url in _observers(patient.settings):
        if not urlsplit(url).hostname:
            yield error(
                f"{variable} is no address.",
                why="The processes do not start.",
                fix="Copy it anew from where it is shown: https://key@host/project.",
                variable=variable,
            )
            continue
        refusal = await _refusal(url, patient.habits.patience)
        if refusal:
            yield warning(
                f"{_host(url)} of {variable} cannot be reached: {refusal}.",
                why="What is sent there is lost.",
                fix="See whether this machine may call it, and whether the address is right.",
                variable=variable,
            )


def _observers(settings: Settings) -> Iterator[tuple[str, str]]:
    telemetry = settings.telemetry
    if telemetry.traces_exporter != "none":
        yield "ESTEIO_TELEMETRY__TRACES_ENDPOINT", telemetry.traces_endpoint or ENDPOINTS[telemetry.traces_exporter]
    if dsn := telemetry.sentry_dsn.get_secret_value():
        yield "ESTEIO_TELEMETRY__SENTRY_DSN", dsn


async def issuers(patient: Patient) -> AsyncIterator[Finding]:
    """The keys of each issuer, or the metadata that name them."""
    for terms in patient.settings.auth.issuers:
        address = terms.keys_address or terms.metadata_address
        refusal = await _unread(address, patient)
        if refusal:
            yield error(
                f"The issuer {terms.issuer} cannot be asked for its keys: {refusal}.",
                why="Nobody is believed who comes with a token of it.",
                fix="See whether this machine may call it, and whether its address is right.",
                variable="ESTEIO_AUTH__ISSUERS",
            )
        if urlsplit(address).scheme != "https" and distance(urlsplit(address).hostname or "") != "here":
            yield error(
                f"The keys of {terms.issuer} are fetched without TLS.",
                why="Whoever is in between puts a key of their own there, and is believed to be anybody.",
                fix="Use its https:// address.",
                variable="ESTEIO_AUTH__ISSUERS",
            )


async def _unread(address: str, patient: Patient) -> str:
    try:
        context = await in_thread(lambda: trusting(patient.settings.upstream.ca_file))
        async with (
            asyncio.timeout(patient.habits.patience),
            httpx.AsyncClient(verify=context, trust_env=False) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                return f"it answers {answer.status_code}"
            size = 0
            async for piece in answer.aiter_bytes():
                size += len(piece)
                if size > _LARGEST:
                    return "its answer is too large"
    except (httpx.HTTPError, OSError, ValueError) as failure:
        return words_of(failure)
    return ""


async def _refusal(url: str, seconds: float) -> str:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as failure:
        return words_of(failure)
    writer.close()
    return ""


def variable_of(service: str, section: object, url: str) -> str:
    """The setting of a service that has this value, as an operator writes it; empty where none has."""
    for field in getattr(type(section), "model_fields", {}):
        if getattr(section, field) == url:
            return variable_name(service, field)
    return ""


def _host(url: str) -> str:
    """Without user and key: the address of Sentry holds one."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
