"""E-mail addresses: shown to be somebody's by the token that was mailed there, and changed in the same way."""

from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import (
    E_MAIL,
    enter_account,
    find_account,
    identity_digest,
    make_account,
    make_member,
    normal_email,
)
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.mail_tokens import Shown, not_good
from esteio.auth.parts import Auth
from esteio.auth.permissions import USER
from esteio.auth.tables import Identity, Registration, User
from esteio.auth.use_cases.account import signed_in
from esteio.auth.use_cases.login import email_taken
from esteio.base.errors import Conflict, Invalid
from esteio.base.principal import Principal
from esteio.db.transaction import enter_tenant, transaction

Outcome = Literal["verified", "changed", "registered"]


async def ask_again(auth: Auth, *, caller: Principal, language: Language) -> None:
    """Have the caller's address mailed another token. Raises `Conflict` where there is nothing to confirm."""
    auth.demand_mail()
    user = signed_in(caller)
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        account = (await session.scalars(select(User).where(User.id == user))).one()
        if account.email is None:
            raise Conflict("This account has no e-mail address of its own here.")
        if account.email_verified_at is not None:
            raise Conflict("The address of this account is confirmed.")
        await auth.mail_requests.charge(session, "verification", account.email)
        await enter_tenant(session, account.home_tenant)
        await ask(
            session,
            "verification",
            tenant=account.home_tenant,
            subject=user,
            address=account.email,
            language=language,
            principal=caller.id,
            now=auth.clock.now(),
        )


async def ask_to_change(
    auth: Auth, *, caller: Principal, email: str, password: str, language: Language, address: str
) -> None:
    """Have the new address mailed a token that makes it the account's; until then nothing changes.

    Whether the new address has an account is told to that address alone. Wrong guesses at the password are delayed.
    Raises `Invalid` for a wrong password or the present address, `Conflict` for an account that has no password here.
    """
    auth.demand_mail()
    user, email = signed_in(caller), normal_email(email)
    present = await _present_address(auth, caller)
    attempt = await auth.attempts.charge(present, address)
    account = await find_account(auth.database, E_MAIL, present)
    if account is None or not await auth.passwords.matches(password, account.password_hash):
        raise Invalid.at("password", "This is not the present password.", code="WRONG_PASSWORD")
    if email == present:
        raise Invalid.at("email", "This is the account's address already.", code="SAME_EMAIL")
    async with transaction(auth.database, account.home_tenant) as session:
        await auth.attempts.forgive(session, attempt)
        await auth.mail_requests.charge(session, "change", caller.id)
        await auth.mail_requests.charge(session, "change", email)
        await ask(
            session,
            "change",
            tenant=account.home_tenant,
            subject=user,
            address=email,
            epoch=account.epoch,
            language=language,
            principal=caller.id,
            now=auth.clock.now(),
        )


async def confirm(auth: Auth, *, token: str, language: Language) -> tuple[Outcome, str]:
    """What was confirmed, and the address. Raises `Invalid` for a token that is not good any more.

    Raises `Conflict` where the address has got another account since the token was mailed.
    """
    shown = await auth.mail_tokens.shown(token, "verification", "change", "registration")
    async with transaction(auth.database, shown.tenant) as session:
        if shown.purpose == "registration":
            await _register(auth, session, shown)
            return "registered", shown.address
        await enter_account(session, shown.subject)
        query = select(User).where(User.id == shown.subject, User.disabled_at.is_(None))
        user = await session.scalar(query.with_for_update())
        await auth.mail_tokens.spend(session, shown)
        if user is None:
            raise not_good()
        if shown.purpose == "change":
            await _change(auth, session, shown, user, language)
            return "changed", shown.address
        await _verify(auth, session, shown, user)
        return "verified", shown.address


async def _verify(auth: Auth, session: AsyncSession, shown: Shown, user: User) -> None:
    if user.email != shown.address:
        raise not_good()
    if user.email_verified_at is None:
        user.email_verified_at = auth.clock.now()
        _told(auth, session, "user.email_verified", shown)


async def _change(auth: Auth, session: AsyncSession, shown: Shown, user: User, language: Language) -> None:
    """The account is known by the new address and no longer by the old one, which is told so."""
    if user.epoch != shown.epoch or user.email is None:
        raise not_good()
    now, old = auth.clock.now(), user.email
    identity = {"digest": identity_digest(E_MAIL, shown.address), "user_id": user.id}
    made = insert(Identity).values(identity).on_conflict_do_nothing().returning(Identity.user_id)
    if await session.scalar(made) is None:
        raise email_taken()
    await session.execute(delete(Identity).where(Identity.digest == identity_digest(E_MAIL, old)))
    values = {"email": shown.address, "email_verified_at": now}
    await session.execute(update(User).where(User.id == user.id).values(values))
    auth.announcements.changed(session, "user", user.id)
    _told(auth, session, "user.email_changed", shown)
    await ask(
        session,
        "address_changed",
        tenant=shown.tenant,
        subject=user.id,
        address=old,
        language=language,
        principal=f"user:{user.id}",
        now=now,
    )


async def _register(auth: Auth, session: AsyncSession, shown: Shown) -> None:
    """Only now there is an account; other registrations of the address are over."""
    wanted = await session.scalar(select(Registration).where(Registration.id == shown.subject).with_for_update())
    await auth.mail_tokens.spend(session, shown)
    if wanted is None:
        raise not_good()
    now = auth.clock.now()
    user, made = await make_account(session, wanted.email, wanted.password_hash, shown.tenant, now)
    if not made:
        raise email_taken()
    await session.execute(update(User).where(User.id == user).values(email_verified_at=now))
    await make_member(session, shown.tenant, user, wanted.name, [USER], now)
    await session.execute(delete(Registration).where(Registration.email == wanted.email))
    actor = f"user:{user}"
    auth.audit.write(session, "user.registered", actor, tenant=shown.tenant, actor=actor)


async def _present_address(auth: Auth, caller: Principal) -> str:
    user = signed_in(caller)
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        present = await session.scalar(select(User.email).where(User.id == user))
    if present is None:
        raise Conflict("This account has no e-mail address and no password of its own here.")
    return present


def _told(auth: Auth, session: AsyncSession, action: str, shown: Shown) -> None:
    actor = f"user:{shown.subject}"
    auth.audit.write(session, action, actor, tenant=shown.tenant, actor=actor)
