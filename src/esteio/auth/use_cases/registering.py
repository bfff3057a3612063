"""Registering: at once, or only when the address has been confirmed by mail."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from esteio.auth.accounts import make_account, make_member, normal_email
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.permissions import USER
from esteio.auth.tables import Registration
from esteio.auth.use_cases.login import email_taken, mail_verification
from esteio.base.errors import Forbidden
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction

ON_ITS_WAY = timedelta(days=1)
"""So long a registration waits for its mail to be taken, before the time of the token in it begins."""

_FORGET = text(
    "DELETE FROM registrations WHERE id IN "
    "(SELECT id FROM registrations WHERE expires_at < :now LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


async def register(
    auth: Auth, *, email: str, password: str, name: str, address: str, language: Language = "en"
) -> UUID:
    """A new account with the role `user` in the default tenant, whose address is mailed a token to confirm it with.

    Raises `Forbidden` where registration is closed, `Conflict` for an address that has an account.
    """
    email, hashed = await _acceptable(auth, email, password, address)
    now = auth.clock.now()
    async with transaction(auth.database, DEFAULT_TENANT) as session:
        user, made = await make_account(session, email, hashed, DEFAULT_TENANT, now)
        if not made:
            raise email_taken()
        await make_member(session, DEFAULT_TENANT, user, name, [USER], now)
        actor = f"user:{user}"
        auth.audit.write(session, "user.registered", actor, tenant=DEFAULT_TENANT, actor=actor)
        await mail_verification(auth, session, user, email, DEFAULT_TENANT, language)
    return user


async def register_when_confirmed(
    auth: Auth, *, email: str, password: str, name: str, address: str, language: Language
) -> None:
    """Write a registration down and have its address mailed a token that makes the account.

    Nothing is looked up: only the letter tells, and only its reader, whether the address has an account. No account
    exists before, so that nobody can take an address that is not theirs, or wait in it for its owner.
    """
    auth.demand_mail()
    email, hashed = await _acceptable(auth, email, password, address)
    now = auth.clock.now()
    async with transaction(auth.database, DEFAULT_TENANT) as session:
        await auth.mail_requests.charge(session, "registration", email)
        await session.execute(_FORGET, {"now": now})
        wanted = Registration(
            id=new_id(),
            tenant_id=DEFAULT_TENANT,
            email=email,
            name=name,
            password_hash=hashed,
            created_at=now,
            expires_at=now + auth.mail_tokens.life("registration") + ON_ITS_WAY,
        )
        session.add(wanted)
        await session.flush()
        await ask(
            session,
            "registration",
            tenant=DEFAULT_TENANT,
            subject=wanted.id,
            language=language,
            principal="anonymous",
            now=now,
        )


async def _acceptable(auth: Auth, email: str, password: str, address: str) -> tuple[str, str]:
    """The address as it is kept and the password's hash. Raises whatever there is against a registration."""
    if not auth.settings.registration_open:
        raise Forbidden("Registration is closed: ask an administrator for an account.")
    email = normal_email(email)
    check_password(password, email)
    await auth.account_limit(email, address)
    return email, await auth.passwords.hashed(password)
