"""A new password for who has lost theirs: asked for by mail, set with the token that the mail holds."""

from sqlalchemy import select, update

from esteio.auth.accounts import E_MAIL, enter_account, find_account, normal_email
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.mail_tokens import not_good
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.tables import User
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction


async def forgot(auth: Auth, *, email: str, language: Language, address: str) -> None:
    """Have the account of an address mailed a token, after the same work for an address that has none.

    Raises `MailOff`, and `RateLimited` for too many in a minute from here, or in a day from anywhere.
    """
    auth.demand_mail()
    email = normal_email(email)
    # Counted apart from logins: who has failed to log in is who asks for this.
    await auth.account_limit(f"forgot\n{email}", address)
    account = await find_account(auth.database, E_MAIL, email)
    tenant = account.home_tenant if account is not None else DEFAULT_TENANT
    async with transaction(auth.database, tenant) as session:
        await auth.mail_requests.charge(session, "reset", email)
        await ask(
            session,
            "reset",
            tenant=tenant,
            subject=account.id if account is not None and not account.disabled else None,
            epoch=account.epoch if account is not None else 0,
            language=language,
            principal="anonymous",
            now=auth.clock.now(),
        )


async def reset(auth: Auth, *, token: str, following: str, language: Language, address: str) -> None:
    """Set the password. Every session of the account ends, and so does whatever else was mailed to change it.

    Whoever has the token has read mail to the account's address, which counts as confirmed. Raises `Invalid` for a
    token that is not good, and for a password that is not acceptable: the token stays good then.
    """
    shown = await auth.mail_tokens.shown(token, "reset")
    check_password(following, shown.address, field="new_password")
    hashed = await auth.passwords.hashed(following)
    now, actor = auth.clock.now(), f"user:{shown.subject}"
    async with transaction(auth.database, shown.tenant) as session:
        await enter_account(session, shown.subject)
        mine = User.id == shown.subject, User.epoch == shown.epoch, User.email == shown.address
        user = await session.scalar(select(User).where(*mine, User.disabled_at.is_(None)).with_for_update())
        await auth.mail_tokens.spend(session, shown)
        if user is None:
            raise not_good()
        values = {"password_hash": hashed, "email_verified_at": user.email_verified_at or now}
        await session.execute(update(User).where(User.id == shown.subject).values(values))
        await auth.sessions.end_all(session, shown.subject)
        await auth.attempts.forget(session, shown.address, address)
        auth.audit.write(session, "user.password_reset", actor, tenant=shown.tenant, actor=actor)
        if auth.mails:
            await ask(
                session,
                "password_changed",
                tenant=shown.tenant,
                subject=shown.subject,
                language=language,
                principal=actor,
                now=now,
            )
