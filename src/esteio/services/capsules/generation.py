"""Ordering the making of a held capsule from a job, and telling its webhook what came of it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.crypto import Keyring
from esteio.base.errors import Invalid
from esteio.events.events import EventType
from esteio.jobs.enqueue import Order, enqueue_all
from esteio.services.capsules.allowances import give_back
from esteio.services.capsules.events import CAPSULE_FAILED
from esteio.services.capsules.holding import Actor, changed, fact_of, told
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import Cause, Provider
from esteio.services.capsules.tasks import GENERATE, GenerateOrder, lane
from esteio.webhooks.deliveries import deliver_once
from esteio.webhooks.signing import SigningSecret

_PURPOSE = "capsule-webhook"


def demand_provider(wanted: Provider | None, section: CapsulesSettings) -> Provider:
    """Who is to make it. Raises `Invalid` for gemini where the deployment has no key."""
    provider = wanted or section.provider
    if provider == "gemini" and not section.gemini_api_key.get_secret_value():
        if wanted is None:
            return "template"
        raise Invalid.at("provider", "This deployment has no key of Gemini: leave provider out.", code="PROVIDER_OFF")
    return provider


async def enqueue_generation(
    session: AsyncSession, capsule: Capsule, provider: Provider, cause: Cause, *, actor: Actor
) -> UUID:
    """The job that makes the capsule's next version, which is noted in it."""
    # Without a key: a job that a deleted capsule had may still run, and must not be taken for this one.
    order = Order(
        GenerateOrder(capsule=capsule.id, provider=provider, cause=cause),
        lane=lane(actor.tenant, capsule.priority),  # type: ignore[arg-type]
    )
    (job,) = await enqueue_all(session, GENERATE, [order], tenant=actor.tenant, principal=actor.who)
    capsule.status, capsule.reason, capsule.job_id, capsule.provider = "queued", None, job, provider
    await session.flush()
    return job


async def announce(session: AsyncSession, capsule: Capsule, kind: EventType, *, actor: Actor, keyring: Keyring) -> None:
    """Tell what came of the capsule: to the organisation's endpoints, and to the URL that its request named."""
    told(session, capsule, kind, actor=actor)
    if capsule.webhook_url is not None:
        await deliver_once(
            session,
            keyring,
            tenant=actor.tenant,
            url=capsule.webhook_url,
            secret=webhook_secret(keyring, capsule.id),
            event=kind.name,
            subject=str(capsule.id),
            data=fact_of(capsule).model_dump(mode="json"),
            at=actor.now,
        )


async def failed(session: AsyncSession, capsule: Capsule, reason: str, *, actor: Actor, keyring: Keyring) -> None:
    """Let a held capsule have failed. One without any version no longer counts as one that the organisation has."""
    capsule.status, capsule.reason = "failed", reason
    await changed(session, capsule, None, actor=actor)
    await announce(session, capsule, CAPSULE_FAILED, actor=actor, keyring=keyring)
    if capsule.current == 0:
        await give_back(session, capsules=1, tenant=actor.tenant, now=actor.now)


def webhook_secret(keyring: Keyring, capsule: UUID) -> str:
    """What the messages to a capsule's own URL are signed with: made from its id, so that it need not be kept."""
    return SigningSecret("v1", keyring.digest(_PURPOSE, capsule.bytes)).shown
