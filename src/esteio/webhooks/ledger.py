"""What came of attempts, as it is written down: in the log of the delivery, and in the standing of the endpoint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import Audit
from esteio.events.events import tell
from esteio.jobs.run import Run
from esteio.telemetry.logs import log
from esteio.webhooks.deliveries import PRINCIPAL
from esteio.webhooks.events import WEBHOOK_DISABLED, DisabledFact
from esteio.webhooks.metrics import disabled

_ATTEMPT = text("""
WITH tried AS (
    UPDATE webhook_deliveries SET attempts = attempts + 1, state = :state, next_at = :next_at, finished_at = :finished,
        last_status = CAST(:status AS smallint), last_error = :error
    WHERE id = :delivery RETURNING id, attempts
)
INSERT INTO webhook_attempts (delivery_id, number, tenant_id, at, status, milliseconds, error, answer)
SELECT id, attempts, CAST(:tenant AS uuid), :at, CAST(:status AS smallint), :milliseconds, :error, :answer FROM tried
""")
_CLOSE = text("""
UPDATE webhook_deliveries SET state = 'failed', next_at = NULL, finished_at = :now, last_error = :error
WHERE id = :delivery AND state = 'pending'
""")
_WELL = text("UPDATE webhook_endpoints SET failing_since = NULL WHERE id = :id AND failing_since IS NOT NULL")
_UNWELL = text("UPDATE webhook_endpoints SET failing_since = :at WHERE id = :id AND failing_since IS NULL")
_DISABLE = text("""
UPDATE webhook_endpoints SET enabled = false, disabled_at = :now, disabled_reason = CAST(:reason AS text),
    version = version + 1, updated_at = :now
WHERE id = :id AND enabled AND deleted_at IS NULL AND (CAST(:reason AS text) = 'gone' OR failing_since <= :since)
RETURNING id, url, failing_since
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt. `pause`: seconds for which the receiver asks to be left alone."""

    at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None
    answer: bytes = b""
    pause: float = 0.0

    @property
    def delivered(self) -> bool:
        return self.error is None

    @property
    def kind(self) -> str:
        if self.delivered:
            return "delivered"
        return "failed" if self.status is None else "refused"


async def note_success(
    session: AsyncSession, delivery: UUID, endpoint: UUID | None, outcome: Outcome, *, tenant: UUID
) -> None:
    """The delivery is done, and its endpoint well."""
    await _write(session, delivery, outcome, tenant, "delivered", None)
    if endpoint is not None:
        await session.execute(_WELL, {"id": endpoint})


async def note_failure(
    session: AsyncSession,
    run: Run,
    delivery: UUID,
    endpoint: UUID | None,
    outcome: Outcome,
    *,
    rest: float | None,
    gone: bool,
) -> bool:
    """The attempt failed; the next is after `rest` seconds, or there is none. Whether the endpoint is disabled now."""
    next_at = None if rest is None else outcome.at + timedelta(seconds=rest)
    await _write(session, delivery, outcome, run.tenant, "failed" if rest is None else "pending", next_at)
    if endpoint is None:
        return False
    await session.execute(_UNWELL, {"id": endpoint, "at": outcome.at})
    return await _disable(session, run, endpoint, "gone" if gone else "failing")


async def close(session: AsyncSession, delivery: UUID, error: str | None, now: datetime) -> None:
    """Nothing more is sent of it, unless it is replayed."""
    await session.execute(_CLOSE, {"delivery": delivery, "error": error, "now": now})


async def _write(
    session: AsyncSession, delivery: UUID, outcome: Outcome, tenant: UUID, state: str, next_at: datetime | None
) -> None:
    await session.execute(
        _ATTEMPT,
        {
            "delivery": delivery,
            "tenant": tenant,
            "state": state,
            "next_at": next_at,
            "finished": outcome.at if state != "pending" else None,
            "at": outcome.at,
            "status": outcome.status,
            "milliseconds": outcome.milliseconds,
            "error": outcome.error,
            "answer": outcome.answer,
        },
    )


async def _disable(session: AsyncSession, run: Run, endpoint: UUID, reason: str) -> bool:
    """Disable it where it is time; its owner is told by a fact and by the audit log, once."""
    now = run.clock.now()
    since = now - timedelta(days=run.settings.webhooks.disable_after_days)
    row = (await session.execute(_DISABLE, {"id": endpoint, "reason": reason, "now": now, "since": since})).first()
    if row is None:
        return False
    fact = DisabledFact(id=row.id, url=row.url, reason=reason, failing_since=row.failing_since)
    tell(session, WEBHOOK_DISABLED, fact, subject=row.id, tenant=run.tenant, principal=PRINCIPAL, at=now)
    Audit(run.clock).write(
        session,
        "webhook.disabled",
        f"webhook:{row.id}",
        tenant=run.tenant,
        actor=PRINCIPAL,
        details={"reason": reason},
    )
    disabled().labels(reason).inc()
    log("esteio.webhooks").warning("webhook.disabled", endpoint=str(row.id), reason=reason)
    return True
