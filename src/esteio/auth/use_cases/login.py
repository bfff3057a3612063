"""Coming in: logging in with a password, renewing a login."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import E_MAIL, Account, enter_account, find_account, normal_email
from esteio.auth.attempts import Attempt
from esteio.auth.audit import REFUSED
from esteio.auth.errors import EmailNotVerified
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.parts import Auth
from esteio.auth.sessions import Standing
from esteio.auth.tables import Membership, RefreshTokenDigest, Tenant, User
from esteio.base.errors import Conflict, FieldError, InvalidCredentials, ReusedRefreshToken
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import reading
from esteio.db.transaction import transaction
from esteio.telemetry.metrics import security_events

_REFRESH = re.compile(r"est_refresh_[0-9A-Za-z]{43}\Z")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="esteio"'}
_TENANT = reading(
    select(Tenant.id).where(Tenant.slug == bindparam("slug", type_=Tenant.slug.type), Tenant.disabled_at.is_(None))
)
_FAMILY_TENANT = reading(
    select(RefreshTokenDigest.tenant_id).where(
        RefreshTokenDigest.digest == bindparam("digest", type_=RefreshTokenDigest.digest.type)
    )
)


@dataclass(frozen=True, slots=True)
class Entered:
    """A login as its holder gets it. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    session: UUID
    user: UUID
    tenant: UUID


async def login(
    auth: Auth, *, email: str, password: str, tenant: str | None, address: str, language: Language = "en"
) -> Entered:
    """A new session, in the named tenant or the account's home.

    Raises `RateLimited` while the delay after failed attempts runs, and `InvalidCredentials` for everything that is
    wrong: after the same work and with the same words, whether the account exists or not. Where addresses have to be
    confirmed, the right password of an account whose address is not raises `EmailNotVerified`.
    """
    email = normal_email(email)
    await auth.account_limit(email, address)
    attempt = await auth.attempts.charge(email, address)
    chosen = await _tenant(auth, tenant) if tenant is not None else None
    account = await find_account(auth.database, E_MAIL, email)
    right = await auth.passwords.matches(password, account.password_hash if account else None)
    if account is None or not right or account.disabled or (tenant is not None and chosen is None):
        raise await _refused(auth, attempt, account)
    if auth.settings.verified_email == "required" and not account.verified:
        raise await _unverified(auth, account, attempt, email, language)
    standing = await _begin(auth, account, password, chosen or account.home_tenant, attempt, address)
    if standing is None:
        raise await _refused(auth, attempt, account)
    return await entered(auth, standing)


async def refresh(auth: Auth, *, refresh_token: str, cookie: bool = False) -> Entered:
    """A new access token and the next refresh token; `cookie` says that a browser keeps it so.

    Raises `ReusedRefreshToken` when the token was used before: then the login has ended for everybody who holds a
    token of it. Raises `InvalidCredentials` for any other token that is not good.
    """
    tenant = await family_tenant(auth, refresh_token)
    if tenant is None:
        raise InvalidCredentials(headers=_CHALLENGE)
    async with transaction(auth.database, tenant) as session:
        standing = await auth.sessions.renew(session, refresh_token, cookie=cookie)
    if standing == "reused":
        security_events().labels("refresh_reused").inc()
        raise ReusedRefreshToken(headers=_CHALLENGE)
    if standing == "ended":
        raise InvalidCredentials(headers=_CHALLENGE)
    return await entered(auth, standing)


async def family_tenant(auth: Auth, refresh_token: str) -> UUID | None:
    """The tenant that a refresh token belongs to; what is not shaped like one costs no query."""
    if not _REFRESH.match(refresh_token):
        return None
    rows = await auth.database.read(None, _FAMILY_TENANT, auth.sessions.digest(refresh_token))
    return rows[0]["tenant_id"] if rows else None


async def entered(auth: Auth, standing: Standing) -> Entered:
    """The tokens of a living session."""
    access = await auth.tokens.issue(standing.user, standing.session, standing.tenant)
    seconds = int(auth.tokens.lifetime.total_seconds())
    return Entered(access, standing.refresh, seconds, standing.session, standing.user, standing.tenant)


async def mail_verification(
    auth: Auth, session: AsyncSession, user: UUID, email: str, home: UUID, language: Language
) -> None:
    """Have an account's address mailed a token to confirm it with, unless the day has had its most of them.

    The transaction is that of the account's home. Where no mail server is set nothing is asked for.
    """
    if not auth.mails or not await auth.mail_requests.admits(session, "verification", email):
        return
    await ask(
        session,
        "verification",
        tenant=home,
        subject=user,
        address=email,
        language=language,
        principal=f"user:{user}",
        now=auth.clock.now(),
    )


def email_taken() -> Conflict:
    """The refusal of an e-mail address that has an account."""
    sentence = "This e-mail address has an account."
    return Conflict(sentence, errors=[FieldError("EMAIL_TAKEN", sentence, "email", "#/email")])


async def _tenant(auth: Auth, slug: str) -> UUID | None:
    rows = await auth.database.read(DEFAULT_TENANT, _TENANT, slug)
    return rows[0]["id"] if rows else None


async def _begin(
    auth: Auth, account: Account, password: str, tenant: UUID, attempt: Attempt, address: str
) -> Standing | None:
    """The session, unless the account may not come into the tenant."""
    assert account.password_hash is not None
    outdated = auth.passwords.outdated(account.password_hash)
    hashed = await auth.passwords.hashed(password) if outdated else None
    async with transaction(auth.database, tenant) as session:
        member = (
            select(Membership.user_id)
            .join(Tenant, Tenant.id == Membership.tenant_id)
            .where(Membership.user_id == account.id, Membership.disabled_at.is_(None), Tenant.disabled_at.is_(None))
        )
        if await session.scalar(member) is None:
            return None
        await enter_account(session, account.id)
        if hashed is not None:
            await session.execute(update(User).where(User.id == account.id).values(password_hash=hashed))
        await auth.attempts.forgive(session, attempt)
        return await auth.sessions.begin(session, account.id, account.epoch, tenant, address)


async def _unverified(
    auth: Auth, account: Account, attempt: Attempt, email: str, language: Language
) -> EmailNotVerified:
    """The refusal of who has shown to be the account's own: the mail is sent again, since it may have been lost."""
    async with transaction(auth.database, account.home_tenant) as session:
        await auth.attempts.forgive(session, attempt)
        await mail_verification(auth, session, account.id, email, account.home_tenant, language)
    return EmailNotVerified()


async def _refused(auth: Auth, attempt: Attempt, account: Account | None) -> InvalidCredentials:
    """The one refusal. From the attempt on that starts a delay the audit log keeps each, without what was typed."""
    security_events().labels("login_failed").inc()
    if attempt.delayed:
        security_events().labels("login_delayed").inc()
        tenant = account.home_tenant if account else DEFAULT_TENANT
        subject = f"user:{account.id}" if account else "user:unknown"
        async with transaction(auth.database, tenant) as session:
            auth.audit.write(session, "login.delayed", subject, tenant=tenant, actor="anonymous", outcome=REFUSED)
    return InvalidCredentials("The e-mail address or the password is wrong.", headers=_CHALLENGE)
