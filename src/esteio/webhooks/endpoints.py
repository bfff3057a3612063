"""What is done with endpoints: made, changed, given new secrets, tried out, deleted."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.use_cases.rows import changed, locked
from esteio.base.errors import FieldError, Invalid, NotFound
from esteio.base.ids import new_id
from esteio.base.principal import Principal
from esteio.upstream.guard import UrlRefused
from esteio.webhooks.deliveries import Message, write_deliveries
from esteio.webhooks.errors import EndpointDisabled, TooManyEndpoints, TooManySecrets
from esteio.webhooks.events import WEBHOOK_TEST, TestFact
from esteio.webhooks.messages import body_of
from esteio.webhooks.parts import Webhooks
from esteio.webhooks.schemas import EndpointChange, EndpointView, NewEndpoint, NewEndpointView
from esteio.webhooks.signing import Signing, SigningSecret
from esteio.webhooks.tables import Endpoint, Secret
from esteio.webhooks.vault import sealed

MOST_SECRETS = 5
"""Secrets of an endpoint at once: each is a signature in every delivery."""


async def create_endpoint(
    parts: Webhooks, *, caller: Principal, session: AsyncSession, data: NewEndpoint
) -> NewEndpointView:
    """A new endpoint with its secret, which no other answer shows."""
    demand_url(parts, data.url)
    demand_events(parts, data.events)
    living = await session.scalar(select(func.count()).select_from(Endpoint).where(_LIVING))
    if (living or 0) >= parts.settings.endpoints:
        raise TooManyEndpoints
    now = parts.clock.now()
    endpoint = Endpoint(
        id=new_id(),
        tenant_id=caller.tenant,
        created_by=caller.id,
        version=1,
        created_at=now,
        updated_at=now,
        disabled_at=None if data.enabled else now,
        disabled_reason=None if data.enabled else "owner",
        failing_since=None,
        deleted_at=None,
        **data.model_dump(),
    )
    session.add(endpoint)
    await session.flush()
    secret = await _new_secret(parts, session, endpoint)
    _audit(parts, caller, session, "webhook.created", endpoint, {"url": endpoint.url, "events": endpoint.events})
    return NewEndpointView(**EndpointView.model_validate(endpoint).model_dump(), secret=secret.shown)


async def change_endpoint(
    parts: Webhooks,
    *,
    caller: Principal,
    session: AsyncSession,
    endpoint_id: UUID,
    expected: int | None,
    data: EndpointChange,
) -> EndpointView:
    """Only the members that are named. Enabling it forgets how it failed."""
    endpoint = await _locked(session, endpoint_id, expected)
    changes = data.changes()
    if "url" in changes:
        demand_url(parts, changes["url"])
    if "events" in changes:
        demand_events(parts, changes["events"])
    for name, value in changes.items():
        setattr(endpoint, name, value)
    now = parts.clock.now()
    if changes.get("enabled") is True:
        endpoint.failing_since = endpoint.disabled_at = endpoint.disabled_reason = None
    elif changes.get("enabled") is False and endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_reason = now, "owner"
    changed(endpoint, now)
    _audit(parts, caller, session, "webhook.changed", endpoint, {"changed": sorted(changes)})
    return EndpointView.model_validate(endpoint)


async def rotate_secret(
    parts: Webhooks, *, caller: Principal, session: AsyncSession, endpoint_id: UUID, overlap_seconds: int
) -> NewEndpointView:
    """A new secret. Until the overlap ends deliveries are signed with the old ones as well."""
    endpoint = await _locked(session, endpoint_id, None)
    now = parts.clock.now()
    await session.execute(delete(Secret).where(Secret.endpoint_id == endpoint.id, Secret.expires_at <= now))
    end = now + timedelta(seconds=overlap_seconds)
    old = update(Secret).where(Secret.endpoint_id == endpoint.id)
    await session.execute(old.values(expires_at=func.least(func.coalesce(Secret.expires_at, end), end)))
    living = select(func.count()).select_from(Secret).where(Secret.endpoint_id == endpoint.id, Secret.expires_at > now)
    if (await session.scalar(living) or 0) >= MOST_SECRETS:
        raise TooManySecrets
    secret = await _new_secret(parts, session, endpoint)
    changed(endpoint, now)
    _audit(parts, caller, session, "webhook.secret_rotated", endpoint, {"overlap_seconds": overlap_seconds})
    return NewEndpointView(**EndpointView.model_validate(endpoint).model_dump(), secret=secret.shown)


async def delete_endpoint(
    parts: Webhooks, *, caller: Principal, session: AsyncSession, endpoint_id: UUID, expected: int | None
) -> None:
    """Nothing is sent to it from now on; its secrets are gone. The log of its deliveries stays for its time."""
    endpoint = await _locked(session, endpoint_id, expected)
    now = parts.clock.now()
    endpoint.enabled, endpoint.deleted_at = False, now
    changed(endpoint, now)
    await session.execute(delete(Secret).where(Secret.endpoint_id == endpoint.id))
    _audit(parts, caller, session, "webhook.deleted", endpoint, {"url": endpoint.url})


async def try_endpoint(parts: Webhooks, *, caller: Principal, session: AsyncSession, endpoint_id: UUID) -> UUID:
    """Send it `webhook.test`, whatever it asks for; the delivery's id. Raises `EndpointDisabled`."""
    endpoint = await one_endpoint(session, endpoint_id)
    if not endpoint.enabled:
        raise EndpointDisabled
    data = orjson.dumps(TestFact(endpoint_id=endpoint.id).model_dump(mode="json"))
    body = body_of(WEBHOOK_TEST.name, parts.clock.now(), data, str(endpoint.id))
    message = Message(id=new_id(), event=WEBHOOK_TEST.name, subject=str(endpoint.id), body=body)
    _audit(parts, caller, session, "webhook.tried", endpoint, {})
    return (await write_deliveries(session, message, [endpoint.id], tenant=caller.tenant))[0]


async def one_endpoint(session: AsyncSession, endpoint_id: UUID) -> Endpoint:
    """The endpoint. Raises `NotFound`."""
    endpoint = await session.scalar(select(Endpoint).where(Endpoint.id == endpoint_id, _LIVING))
    if endpoint is None:
        raise NotFound
    return endpoint


def demand_url(parts: Webhooks, url: str, field: str = "url") -> None:
    """Refuse what cannot be called as far as can be told now (422); where the name leads is checked at every call."""
    try:
        parts.guard.url(url)
    except UrlRefused as refusal:
        raise Invalid.at(field, f"This URL cannot be called: {refusal}.", code="URL_REFUSED") from refusal


def demand_events(parts: Webhooks, events: list[str]) -> None:
    """Refuse subscriptions to what never happens (422)."""
    problems = [
        FieldError("UNKNOWN_EVENT", f"There is no event {name}.", "events", f"#/events/{place}")
        for place, name in enumerate(events)
        if not parts.knows(name)
    ]
    if problems:
        raise Invalid(errors=problems)


_LIVING = Endpoint.deleted_at.is_(None)


async def _locked(session: AsyncSession, endpoint_id: UUID, expected: int | None) -> Endpoint:
    query = select(Endpoint).where(Endpoint.id == endpoint_id, _LIVING)
    return await locked(session, query, expected, EndpointView.model_validate)


async def _new_secret(parts: Webhooks, session: AsyncSession, endpoint: Endpoint) -> SigningSecret:
    signing: Signing = "v1a" if endpoint.signing == "v1a" else "v1"
    secret, row = SigningSecret.new(signing), new_id()
    session.add(
        Secret(
            id=row,
            tenant_id=endpoint.tenant_id,
            endpoint_id=endpoint.id,
            sealed=sealed(parts.keyring, secret, row),
            created_at=parts.clock.now(),
            expires_at=None,
        )
    )
    await session.flush()
    return secret


def _audit(
    parts: Webhooks, caller: Principal, session: AsyncSession, action: str, endpoint: Endpoint, details: dict[str, Any]
) -> None:
    subject = f"webhook:{endpoint.id}"
    parts.audit.write(session, action, subject, tenant=caller.tenant, actor=caller.id, details=details)
