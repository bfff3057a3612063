"""What a letter tells at the moment of its sending; nothing where it is not true or not wanted any more."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import account_by_email, enter_account
from esteio.auth.letters.kinds import LetterKind
from esteio.auth.mail_tokens import Purpose
from esteio.auth.tables import AccountLetter, Invitation, Registration, Tenant, User

Said = LetterKind | Literal["known"]
"""`known` is what an address that has an account is told in place of what was asked for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the letter says, to whom, and what for its token is, where it has one."""

    letter: UUID
    said: Said
    to: str
    subject: UUID
    purpose: Purpose | None = None
    epoch: int | None = None
    organization: str = ""


async def about(session: AsyncSession, letter: AccountLetter, now: datetime) -> Told | None:
    """What the letter tells now; the transaction is that of the letter's tenant."""
    if letter.subject is None:
        return None
    return await _BY_KIND[letter.kind](session, letter, letter.subject, now)


async def _reset(session: AsyncSession, letter: AccountLetter, subject: UUID, _: datetime) -> Told | None:
    user = await _account(session, subject)
    if user is None or user.email is None or user.epoch != letter.epoch or await _newer(session, letter):
        return None
    return Told(letter.id, "reset", user.email, user.id, "reset", user.epoch)


async def _verification(session: AsyncSession, letter: AccountLetter, subject: UUID, _: datetime) -> Told | None:
    user = await _account(session, subject)
    if user is None or user.email is None or user.email != letter.address or user.email_verified_at is not None:
        return None
    if await _newer(session, letter):
        return None
    return Told(letter.id, "verification", user.email, user.id, "verification")


async def _change(session: AsyncSession, letter: AccountLetter, subject: UUID, _: datetime) -> Told | None:
    user = await _account(session, subject)
    if user is None or letter.address is None or user.epoch != letter.epoch or await _newer(session, letter):
        return None
    if await account_by_email(session, letter.address) is not None:
        return Told(letter.id, "known", letter.address, user.id)
    return Told(letter.id, "change", letter.address, user.id, "change", user.epoch)


async def _registration(session: AsyncSession, letter: AccountLetter, subject: UUID, now: datetime) -> Told | None:
    """Of several registrations of an address each has its own token, since each has its own password."""
    wanted = await session.scalar(select(Registration).where(Registration.id == subject))
    if wanted is None or wanted.expires_at <= now:
        return None
    if await account_by_email(session, wanted.email) is not None:
        return Told(letter.id, "known", wanted.email, wanted.id)
    return Told(letter.id, "registration", wanted.email, wanted.id, "registration")


async def _password_changed(session: AsyncSession, letter: AccountLetter, subject: UUID, _: datetime) -> Told | None:
    user = await _account(session, subject)
    return None if user is None or user.email is None else Told(letter.id, "password_changed", user.email, user.id)


async def _address_changed(session: AsyncSession, letter: AccountLetter, subject: UUID, _: datetime) -> Told | None:
    return None if letter.address is None else Told(letter.id, "address_changed", letter.address, subject)


async def _invitation(session: AsyncSession, letter: AccountLetter, subject: UUID, now: datetime) -> Told | None:
    query = select(Invitation, Tenant.name).join(Tenant, Tenant.id == Invitation.tenant_id)
    row = (await session.execute(query.where(Invitation.id == subject, Tenant.disabled_at.is_(None)))).one_or_none()
    if row is None or row[0].state != "open" or row[0].expires_at <= now or await _newer(session, letter):
        return None
    invited, organization = row
    return Told(letter.id, "invitation", invited.email, invited.id, "invitation", None, organization)


_BY_KIND: Mapping[str, Callable[[AsyncSession, AccountLetter, UUID, datetime], Awaitable[Told | None]]] = {
    "reset": _reset,
    "verification": _verification,
    "change": _change,
    "registration": _registration,
    "password_changed": _password_changed,
    "address_changed": _address_changed,
    "invitation": _invitation,
}


async def _account(session: AsyncSession, user: UUID) -> User | None:
    """The account, unless it is disabled."""
    await enter_account(session, user)
    query = select(User).where(User.id == user, User.disabled_at.is_(None))
    return await session.scalar(query.execution_options(populate_existing=True))


async def _newer(session: AsyncSession, letter: AccountLetter) -> bool:
    """Whether another letter of the kind was asked for since: its token would be ended by this one's."""
    query = select(AccountLetter.id).where(
        AccountLetter.subject == letter.subject, AccountLetter.kind == letter.kind, AccountLetter.id > letter.id
    )
    return await session.scalar(query.limit(1)) is not None
