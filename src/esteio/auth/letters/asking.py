"""Asking for a letter in a running transaction: it is sent if and only if that commits."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.letters.kinds import SEND_LETTER, Language, LetterKind, LetterRef, letter_job
from esteio.auth.tables import AccountLetter
from esteio.base.ids import new_id
from esteio.jobs.enqueue import enqueue

KEPT = timedelta(days=30)

_FORGET = text(
    "DELETE FROM account_letters WHERE id IN "
    "(SELECT id FROM account_letters WHERE created_at < :before LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


async def ask(
    session: AsyncSession,
    kind: LetterKind,
    *,
    tenant: UUID,
    subject: UUID | None,
    language: Language,
    principal: str,
    now: datetime,
    address: str | None = None,
    epoch: int | None = None,
) -> UUID:
    """The letter's id. `tenant` is the transaction's own: the home of the account, or whose invitation it is.

    `subject` is the account, registration or invitation it is about; without one nothing will be sent, after the same
    work here. `address` is where it goes, unless that is the account's address when it is sent. Letters of more than
    30 days ago are deleted in passing.
    """
    await session.execute(_FORGET, {"before": now - KEPT})
    letter = AccountLetter(
        id=new_id(),
        tenant_id=tenant,
        kind=kind,
        subject=subject,
        address=address,
        epoch=epoch,
        state="queued",
        created_at=now,
    )
    session.add(letter)
    await session.flush()
    ref = LetterRef(letter=letter.id, language=language)
    await enqueue(session, SEND_LETTER, ref, tenant=tenant, principal=principal, key=letter_job(letter.id))
    return letter.id
