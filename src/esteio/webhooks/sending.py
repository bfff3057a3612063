"""One attempt of one delivery: read, send with no transaction open, write down what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from esteio import __version__
from esteio.base.errors import Unavailable
from esteio.db.reading import Reading
from esteio.jobs.errors import Later
from esteio.jobs.job import Job
from esteio.jobs.run import Run
from esteio.telemetry.logs import log
from esteio.upstream.egress import Egress, Reply, UrlRefused
from esteio.upstream.failures import CallFailed
from esteio.webhooks.kinds import DELIVER, SCHEDULE, DeliverOrder
from esteio.webhooks.ledger import Outcome, close, note_failure, note_success
from esteio.webhooks.messages import headers_of, message_id
from esteio.webhooks.metrics import attempts, first_seconds
from esteio.webhooks.patience import asked_pause
from esteio.webhooks.signing import SigningSecret, signed_headers
from esteio.webhooks.vault import opened

EGRESS = "egress"
GONE = 410
LONGEST_PAUSE = max(SCHEDULE)
AGENT = f"Esteio-Webhooks/{__version__}"

_DELIVERY = Reading(
    """
    SELECT d.id, d.event_id, d.event, d.body, d.state, d.attempts, d.created_at, d.endpoint_id, d.sealed_secret,
           coalesce(e.url, d.url) AS url, d.endpoint_id IS NULL OR (e.enabled AND e.deleted_at IS NULL) AS open,
           ARRAY(SELECT s.id FROM webhook_secrets s WHERE s.endpoint_id = e.id
                 AND (s.expires_at IS NULL OR s.expires_at > $2) ORDER BY s.created_at DESC, s.id DESC) AS secret_ids,
           ARRAY(SELECT s.sealed FROM webhook_secrets s WHERE s.endpoint_id = e.id
                 AND (s.expires_at IS NULL OR s.expires_at > $2) ORDER BY s.created_at DESC, s.id DESC) AS secrets
    FROM webhook_deliveries d LEFT JOIN webhook_endpoints e ON e.id = d.endpoint_id WHERE d.id = $1
    """,
    ("id", "now"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent, to whom, signed with what."""

    delivery: UUID
    endpoint: UUID | None
    url: str
    message: str
    body: bytes = field(repr=False)
    secrets: Sequence[SigningSecret] = field(repr=False)
    open: bool
    attempts: int
    created_at: datetime


async def deliver(run: Run, order: DeliverOrder) -> None:
    """Try once. A failure is tried again by the schedule, or later where the receiver asks for it."""
    sent = await _read(run, order.delivery)
    if sent is None:
        return
    if not sent.open:
        await _abandon(run, sent)
        return
    outcome = await attempt(egress_of(run), sent, run.clock.now())
    attempts().labels(outcome.kind).inc()
    if sent.attempts == 0:
        first_seconds().observe(max(0.0, (run.clock.now() - sent.created_at).total_seconds()))
    if outcome.delivered:
        async with run.completion() as session:
            await note_success(session, sent.delivery, sent.endpoint, outcome, tenant=run.tenant)
        return
    await _failed(run, sent, outcome)


async def _read(run: Run, delivery: UUID) -> Sent | None:
    """What is to be sent; `None` when it is not to be sent any more."""
    rows = await run.database.read(run.tenant, _DELIVERY, delivery, run.clock.now())
    if not rows or rows[0]["state"] != "pending":
        return None
    row, keyring = rows[0], run.resources.keyring
    sealed = list(zip(row["secret_ids"], row["secrets"], strict=True))
    if row["sealed_secret"] is not None:
        sealed.append((row["id"], row["sealed_secret"]))
    return Sent(
        delivery=row["id"],
        endpoint=row["endpoint_id"],
        url=row["url"],
        message=message_id(row["event_id"]),
        body=row["body"],
        secrets=[opened(keyring, text, secret) for secret, text in sealed],
        open=row["open"],
        attempts=row["attempts"],
        created_at=row["created_at"],
    )


def egress_of(run: Run) -> Egress:
    """The process's way out, made by whoever needs it first."""
    egress: Egress = run.parts.setdefault(EGRESS, None) or Egress(run.settings.upstream)
    run.parts[EGRESS] = egress
    return egress


async def attempt(egress: Egress, sent: Sent, at: datetime) -> Outcome:
    """Send it, signed with the time of this attempt; what came of it. Raises nothing that a receiver can cause."""
    signed = signed_headers(sent.message, int(at.timestamp()), sent.body, sent.secrets)
    headers = {"user-agent": AGENT, **headers_of(sent.message, at), **signed}
    began = monotonic()
    try:
        reply = await egress.call("POST", sent.url, headers=headers, content=sent.body)
    except (CallFailed, UrlRefused) as failure:
        words = failure.words if isinstance(failure, CallFailed) else f"The URL cannot be called: {failure}."
        log("esteio.webhooks").info("webhook.failed", delivery=str(sent.delivery), cause=str(failure))
        return Outcome(at=at, milliseconds=round((monotonic() - began) * 1000), error=words)
    return _answered(reply, at)


def _answered(reply: Reply, at: datetime) -> Outcome:
    error = None if 200 <= reply.status < 300 else f"The receiver answered {reply.status}."
    pause = asked_pause(reply.status, reply.headers, at)
    return Outcome(
        at=at, status=reply.status, milliseconds=reply.milliseconds, error=error, answer=reply.body, pause=pause
    )


async def _failed(run: Run, sent: Sent, outcome: Outcome) -> None:
    gone = outcome.status == GONE and sent.endpoint is not None
    rest = None if gone else run.kind.retry.rest(run.attempt)
    if rest is None:
        async with run.completion() as session:
            await note_failure(session, run, sent.delivery, sent.endpoint, outcome, rest=None, gone=gone)
        return
    rest = max(rest, min(outcome.pause, LONGEST_PAUSE))
    async with run.transaction() as session:
        disabled = await note_failure(session, run, sent.delivery, sent.endpoint, outcome, rest=rest, gone=False)
        if disabled:
            await close(session, sent.delivery, outcome.error, run.clock.now())
    if not disabled:
        raise Later(rest, Unavailable(outcome.error))


async def _abandon(run: Run, sent: Sent) -> None:
    attempts().labels("abandoned").inc()
    async with run.completion() as session:
        await close(session, sent.delivery, "The endpoint is disabled.", run.clock.now())


DELIVER_JOB = Job(DELIVER, deliver)
