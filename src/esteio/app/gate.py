"""The pipeline that every request passes, assembled in its order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp

from esteio.auth.gate import Identify
from esteio.auth.parts import Auth
from esteio.http.answers import Envelope
from esteio.http.cache import ResponseCache
from esteio.http.consistency import Consistency
from esteio.http.exchange import Manner
from esteio.http.gate.bounds import Bounds
from esteio.http.gate.conditional import Conditional
from esteio.http.gate.context import Context, Ended
from esteio.http.gate.dispatch import Dispatch
from esteio.http.gate.headers import SecurityHeaders
from esteio.http.gate.idempotency import Idempotency
from esteio.http.gate.replicas import FromReplicas
from esteio.http.idempotency import IdempotencyRecords
from esteio.http.problems import Problems
from esteio.http.proxies import TrustedProxies
from esteio.http.routing import RouteTable
from esteio.http.spans import RequestSpans
from esteio.http.times import SecondStamp
from esteio.limits.concurrency import Places
from esteio.limits.gate import Limit
from esteio.limits.limiter import Limiter
from esteio.resources import Resources
from esteio.settings import Settings
from esteio.telemetry.access import AccessLog
from esteio.telemetry.metrics import request_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the steps of the gate work with."""

    settings: Settings
    resources: Resources
    table: RouteTable
    problems: Problems
    envelope: Envelope
    stamp: SecondStamp
    cache: ResponseCache
    records: IdempotencyRecords
    auth: Auth
    limiter: Limiter
    places: Places
    consistency: Consistency | None
    access: AccessLog | None
    manners: Mapping[str, Manner]
    ending: Callable[[], bool]
    ended: Ended | None = None


def build_gate(application: ASGIApp, parts: Parts) -> ASGIApp:
    """Wrap the application, innermost step first; read upwards to follow a request."""
    http, clock, auth = parts.settings.http, parts.resources.clock, parts.auth
    proxies = TrustedProxies(http.trusted_proxies)
    gate: ASGIApp = Dispatch(application, settings=http)
    if parts.consistency is not None:
        gate = FromReplicas(gate, cache=parts.cache, consistency=parts.consistency)
    gate = Conditional(gate, cache=parts.cache, envelope=parts.envelope)
    gate = Idempotency(
        gate,
        records=parts.records,
        database=parts.resources.database,
        problems=parts.problems,
        envelope=parts.envelope,
        clock=clock,
        hours=http.idempotency_hours,
    )
    gate = Limit(gate, limiter=parts.limiter, places=parts.places, enabled=parts.settings.limits.enabled)
    gate = Identify(gate, credentials=auth.credentials, prover=auth.prover, refused=auth.refusals)
    gate = Bounds(gate, body_limit=http.body_limit)
    gate = SecurityHeaders(gate, hosts=http.trusted_hosts, origins=http.cors_origins, proxies=proxies, clock=clock)
    return Context(
        gate,
        table=parts.table,
        problems=parts.problems,
        proxies=proxies,
        access=parts.access,
        seconds=request_seconds(),
        stamp=parts.stamp,
        base=http.public_url,
        manners=parts.manners,
        ending=parts.ending,
        ended=parts.ended,
        spans=RequestSpans(parts.resources.tracing) if parts.resources.tracing.on else None,
    )
