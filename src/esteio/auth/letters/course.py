"""What becomes of a letter: `queued`, `handing_over`, then `sent`, `refused`, `failed`, `unconfirmed` or `withdrawn`.

Nobody knows whether a letter that was being handed over has gone: it is unconfirmed, and not sent again by itself.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.letters.about import Told, about
from esteio.auth.mail_tokens import MailTokens
from esteio.auth.tables import AccountLetter, Registration

LONGEST_ANSWER = 300
Unsent = Literal["refused", "failed", "unconfirmed"]
_PENDING = ("queued", "handing_over")


async def begin(session: AsyncSession, letter_id: UUID, now: datetime) -> Told | None:
    """What is to be told; `None` where nothing is to be sent any more."""
    letter = await _held(session, letter_id)
    if letter is None:
        return None
    if letter.state == "handing_over":
        letter.state = "unconfirmed"
        return None
    told = await about(session, letter, now)
    if told is None:
        letter.state = "withdrawn"
    return told


async def hand_over(session: AsyncSession, told: Told, token: str | None, tokens: MailTokens, now: datetime) -> bool:
    """Note that the letter is about to go; from the commit on its token is good. False where it should not go."""
    letter = await _held(session, told.letter)
    if letter is None or letter.state != "queued" or await about(session, letter, now) != told:
        return False
    letter.state = "handing_over"
    if told.purpose is not None:
        await tokens.make(
            session,
            told.purpose,
            told.subject,
            tenant=letter.tenant_id,
            address=told.to,
            epoch=told.epoch,
            token=token,
        )
    return True


async def sent(session: AsyncSession, told: Told, code: int, answer: str, now: datetime) -> None:
    """The server has taken it."""
    letter = await _held(session, told.letter)
    if letter is not None:
        letter.state, letter.code, letter.answer, letter.sent_at = "sent", code, answer[:LONGEST_ANSWER], now
        if told.said == "known":
            # A registration that cannot become an account; of a change the subject is none.
            await session.execute(delete(Registration).where(Registration.id == told.subject))


async def not_sent(session: AsyncSession, letter_id: UUID, state: Unsent, code: int | None, answer: str) -> None:
    """It will not be tried again. A token of a letter that was refused is nobody's, and ends with its time."""
    letter = await _held(session, letter_id)
    if letter is not None:
        letter.state, letter.code, letter.answer = state, code, answer[:LONGEST_ANSWER] or None


async def not_taken(session: AsyncSession, letter_id: UUID, code: int | None, answer: str) -> None:
    """The server has said: not now. The letter waits for the next try, and will have another token."""
    letter = await _held(session, letter_id)
    if letter is not None:
        letter.state, letter.code, letter.answer = "queued", code, answer[:LONGEST_ANSWER] or None


async def _held(session: AsyncSession, letter_id: UUID) -> AccountLetter | None:
    """The letter, locked, while it is not known what became of it."""
    query = select(AccountLetter).where(AccountLetter.id == letter_id, AccountLetter.state.in_(_PENDING))
    found: AccountLetter | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    return found
