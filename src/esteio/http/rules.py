"""What a route declares about itself beside its shape: who may, how often, what is replayed, cached, withdrawn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

AUTHENTICATED = "account:use"
"""The permission that every proved caller holds."""

_MARK = "__esteio_rules__"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A deprecated operation: since when, when it ends in 410, and what takes its place (RFC 9745, 8594)."""

    since: datetime
    sunset: datetime
    successor: str
    page: str


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer that may be kept `seconds` in a process; `tags` name what it was made from and is dropped with.

    `per="tenant"` shares it between a tenant's callers, which only a route whose answer does not depend on the
    caller may say.
    """

    seconds: float
    tags: tuple[str, ...]
    per: Literal["tenant", "principal"] = "principal"


@dataclass(frozen=True, slots=True)
class Rules:
    """Read by the gate's steps. A route without a permission must stand in its manifest's `public` list."""

    permission: str | None = None
    limits: tuple[str, ...] = ("default",)
    anonymous_limits: tuple[str, ...] | None = None
    at_once: str | None = None
    idempotent: bool = False
    secret_answer: bool = False
    precondition: Literal["none", "accepted", "required"] = "none"
    body_limit: int | None = None
    time_budget: float | None = None
    cached: Cached | None = None
    deprecation: Deprecation | None = None
    quiet: bool = False
    streams: bool = False
    csp: Literal["api", "page"] = "api"
    manner: str | None = None
    own_credentials: bool = False
    quotas: tuple[str, ...] = ()
    replica: bool = False
    errors: tuple[int, ...] = field(default=())


def rules(
    permission: str | None = None,
    *,
    limits: tuple[str, ...] = ("default",),
    anonymous_limits: tuple[str, ...] | None = None,
    at_once: str | None = None,
    idempotent: bool = False,
    secret_answer: bool = False,
    precondition: Literal["none", "accepted", "required"] = "none",
    body_limit: int | None = None,
    time_budget: float | None = None,
    cached: Cached | None = None,
    deprecation: Deprecation | None = None,
    quiet: bool = False,
    streams: bool = False,
    csp: Literal["api", "page"] = "api",
    manner: str | None = None,
    own_credentials: bool = False,
    quotas: tuple[str, ...] = (),
    replica: bool = False,
    errors: tuple[int, ...] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Declare the rules of an endpoint, below its path decorator.

    permission: what the caller must hold, or `AUTHENTICATED`; `None`: public, which its manifest must confirm.
    limits: names of the policies that are charged; anonymous_limits: those for callers without credentials.
    at_once: name of the bound on how many of these run at the same time for a caller.
    idempotent: an Idempotency-Key is honoured. secret_answer: the stored answer is encrypted with the caller's key.
    precondition: whether If-Match is read, or even needed (428). quiet: outside limits, metrics and access log.
    streams: the answer may go on for long; its time budget, and its place among what runs, are for its beginning.
    manner: whose contract its refusals follow, as its manifest names it; such an operation answers no HEAD.
    own_credentials: the operation asks its callers who they are in a way of its own; nobody else looks at them.
    quotas: names of those that it takes of or gives back to, for its documentation; its use case does it.
    replica: where there are replicas, its GET may be answered by one that is a little behind, though never behind
    what the caller wrote. For what products show; what says who may do what is read on the primary. What it reads may
    be kept by `cached`, and by nothing else.
    body_limit in bytes, time_budget in seconds. errors: further statuses that the operation documents.
    """
    declared = Rules(
        permission=permission,
        limits=() if quiet else limits,
        anonymous_limits=() if quiet else anonymous_limits,
        at_once=at_once,
        idempotent=idempotent,
        secret_answer=secret_answer,
        precondition=precondition,
        body_limit=body_limit,
        time_budget=time_budget,
        cached=cached,
        deprecation=deprecation,
        quiet=quiet,
        streams=streams,
        csp=csp,
        manner=manner,
        own_credentials=own_credentials,
        quotas=quotas,
        replica=replica,
        errors=errors,
    )

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, declared)
        return endpoint

    return mark


def rules_of(endpoint: Callable[..., Any] | None) -> Rules | None:
    """The declared rules, or `None` where an endpoint declares none."""
    found: Rules | None = getattr(endpoint, _MARK, None)
    return found
