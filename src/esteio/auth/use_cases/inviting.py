"""Inviting somebody by mail, and what they answer. Whoever has the token of the mail has shown that it reached them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import account_by_email, enter_account, make_account, make_member, normal_email
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.mail_tokens import Shown, not_good
from esteio.auth.organization_schemas import InvitationView, NewInvitation
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.permissions import BUILT_IN
from esteio.auth.tables import Invitation, Membership, Role, Tenant, User
from esteio.auth.use_cases.inviters import inviter
from esteio.auth.use_cases.login import email_taken
from esteio.auth.use_cases.rows import changed, locked
from esteio.auth.use_cases.users import demand_roles
from esteio.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from esteio.base.ids import new_id
from esteio.base.principal import Principal
from esteio.db.transaction import transaction

OF_ALL = 4
"""So many times as many invitations as of one organisation an address is mailed by all of them in a day."""


KEPT = timedelta(days=180)
"""How long an invitation that is over can still be read."""

_FORGET = text(
    "DELETE FROM invitations WHERE id IN "
    "(SELECT id FROM invitations WHERE expires_at < :before ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Invited:
    """What the reader of the mail is asked. `has_account`: whether the address has a confirmed account here already."""

    organization: str
    slug: str
    email: str
    roles: list[str]
    has_account: bool


def view_of(invitation: Invitation) -> InvitationView:
    return InvitationView.model_validate(invitation)


async def invite(
    auth: Auth, *, caller: Principal, session: AsyncSession, data: NewInvitation, language: Language
) -> InvitationView:
    """Written down and mailed. Raises `Conflict` for a member and for an address with an open invitation, `Forbidden`
    for roles with permissions that the caller lacks, `MailOff`, and `RateLimited` where the address was mailed enough.
    """
    auth.demand_mail()
    email, now = normal_email(data.email), auth.clock.now()
    await demand_roles(auth, caller, session, data.roles)
    if await _is_member(session, email):
        raise email_taken()
    await session.execute(_FORGET, {"before": now - KEPT})
    over = (Invitation.email == email, Invitation.state == "open", Invitation.expires_at <= now)
    await session.execute(update(Invitation).where(*over).values(state="withdrawn"))
    living = select(Invitation.id).where(Invitation.email == email, Invitation.state == "open")
    if await session.scalar(living) is not None:
        raise _invited_already()
    invitation = Invitation(
        id=new_id(),
        tenant_id=caller.tenant,
        email=email,
        roles=data.roles,
        invited_by=caller.id,
        state="open",
        expires_at=now + auth.mail_tokens.life("invitation"),
        version=1,
        created_at=now,
        updated_at=now,
    )
    session.add(invitation)
    await session.flush()
    await _mail(auth, session, invitation, caller, language)
    _told(auth, session, caller, "invitation.created", invitation)
    return view_of(invitation)


async def invite_again(
    auth: Auth, *, caller: Principal, session: AsyncSession, invitation_id: UUID, language: Language
) -> InvitationView:
    """Another mail, whose token takes the place of the one before. From now on the caller is who invited.

    Raises `Conflict` for one that is not open.
    """
    auth.demand_mail()
    invitation = await _open(session, invitation_id)
    await demand_roles(auth, caller, session, invitation.roles)
    now = auth.clock.now()
    invitation.expires_at, invitation.invited_by = now + auth.mail_tokens.life("invitation"), caller.id
    changed(invitation, now)
    await _mail(auth, session, invitation, caller, language)
    _told(auth, session, caller, "invitation.mailed_again", invitation)
    return view_of(invitation)


async def withdraw(auth: Auth, *, caller: Principal, session: AsyncSession, invitation_id: UUID) -> None:
    """Its token is good for nothing any more. One that is not open stays as it is."""
    invitation = await locked(session, select(Invitation).where(Invitation.id == invitation_id), None, view_of)
    if invitation.state != "open":
        return
    invitation.state = "withdrawn"
    changed(invitation, auth.clock.now())
    await auth.mail_tokens.end(session, "invitation", invitation.id)
    _told(auth, session, caller, "invitation.withdrawn", invitation)


async def look(auth: Auth, *, token: str) -> Invited:
    """What the token of the mail asks. Raises `Invalid` for one that is not good any more."""
    shown = await auth.mail_tokens.shown(token, "invitation")
    async with transaction(auth.database, shown.tenant) as session:
        invitation, tenant = await _asked(auth, session, shown)
        known = await _confirmed(session, invitation.email)
        return Invited(tenant.name, tenant.slug, invitation.email, invitation.roles, known)


async def accept(auth: Auth, *, token: str, name: str | None, password: str | None) -> Invited:
    """The address's account is a member; where it has none, one is made with this name and password.

    So is one whose address nobody has confirmed: it gets this password, and who made it is out. Raises `Invalid` as
    `look` does, also where who invited is not there any more or could not give these roles now, and for a password that
    is missing or unfit where one is needed.
    """
    shown = await auth.mail_tokens.shown(token, "invitation")
    hashed = None
    if password is not None:
        check_password(password, shown.address)
        hashed = await auth.passwords.hashed(password)
    async with transaction(auth.database, shown.tenant) as session:
        invitation, tenant = await _asked(auth, session, shown)
        known = await _confirmed(session, invitation.email)
        if not known and hashed is None:
            sentence = "This address has no confirmed account yet: choose a password."
            raise Invalid.at("password", sentence, code="PASSWORD_NEEDED")
        await auth.mail_tokens.spend(session, shown)
        roles = await _given(auth, session, invitation)
        user = await _admitted(auth, session, invitation, hashed if not known else None)
        await make_member(session, shown.tenant, user, name or _local_part(invitation.email), roles, auth.clock.now())
        _ended(auth, invitation, "accepted", user)
        auth.audit.write(
            session,
            "invitation.accepted",
            f"invitation:{invitation.id}",
            tenant=shown.tenant,
            actor=f"user:{user}",
            details={"roles": roles},
        )
        auth.announcements.changed(session, "user", user)
        return Invited(tenant.name, tenant.slug, invitation.email, roles, known)


async def decline(auth: Auth, *, token: str) -> None:
    """Not wanted; the organisation sees that. Raises `Invalid` as `look` does."""
    shown = await auth.mail_tokens.shown(token, "invitation")
    async with transaction(auth.database, shown.tenant) as session:
        invitation, _ = await _asked(auth, session, shown)
        await auth.mail_tokens.spend(session, shown)
        _ended(auth, invitation, "declined", None)
        subject = f"invitation:{invitation.id}"
        auth.audit.write(session, "invitation.declined", subject, tenant=shown.tenant, actor="anonymous")


async def _asked(auth: Auth, session: AsyncSession, token: Shown) -> tuple[Invitation, Tenant]:
    """The open invitation of a token, held, and whose it is."""
    query = (
        select(Invitation, Tenant)
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .where(Invitation.id == token.subject, Invitation.state == "open", Tenant.disabled_at.is_(None))
        .where(Invitation.expires_at > auth.clock.now())
    )
    row = (await session.execute(query.with_for_update(of=Invitation))).one_or_none()
    if row is None:
        raise not_good()
    return row[0], row[1]


async def _confirmed(session: AsyncSession, email: str) -> bool:
    """Whether the address has an account whose holder has shown that it is theirs."""
    user = await account_by_email(session, email)
    if user is None:
        return False
    await enter_account(session, user)
    confirmed = select(User.id).where(User.id == user, User.email_verified_at.is_not(None))
    return await session.scalar(confirmed) is not None


async def _admitted(auth: Auth, session: AsyncSession, invitation: Invitation, hashed: str | None) -> UUID:
    """The address's account. `hashed` is the password that the reader of the mail has chosen for one not confirmed.

    The mail has reached them, so that the address is confirmed as theirs. Somebody else may have made the account for
    it before: that one's password and sessions end, as when it is reset.
    """
    now, tenant = auth.clock.now(), invitation.tenant_id
    user, made = await make_account(session, invitation.email, hashed, tenant, now)
    if hashed is None:
        return user
    await enter_account(session, user)
    confirmed = update(User).where(User.id == user)
    await session.execute(confirmed.values(email_verified_at=now, password_hash=hashed))
    if not made:
        await auth.sessions.end_all(session, user)
    action = "user.registered" if made else "user.password_reset"
    auth.audit.write(session, action, f"user:{user}", tenant=tenant, actor=f"user:{user}")
    return user


async def _given(auth: Auth, session: AsyncSession, invitation: Invitation) -> list[str]:
    """The roles, where who invited is still there and could still give them: else somebody has to invite anew."""
    roles = await _still_there(session, invitation.roles)
    who = await inviter(auth, session, invitation.tenant_id, invitation.invited_by)
    if who is None:
        raise not_good()
    try:
        await demand_roles(auth, who, session, roles)
    except Forbidden as error:
        raise not_good() from error
    return roles


async def _still_there(session: AsyncSession, roles: Iterable[str]) -> list[str]:
    """Those of the roles that have not been deleted since."""
    own = set(await session.scalars(select(Role.name).where(Role.name.in_([*roles]))))
    return [role for role in roles if role in own or role in BUILT_IN]


async def _is_member(session: AsyncSession, email: str) -> bool:
    user = await account_by_email(session, email)
    query = select(Membership.user_id).where(Membership.user_id == user)
    return user is not None and await session.scalar(query) is not None


async def _open(session: AsyncSession, invitation_id: UUID) -> Invitation:
    invitation = await locked(session, select(Invitation).where(Invitation.id == invitation_id), None, view_of)
    if invitation.state != "open":
        raise Conflict(f"This invitation was {invitation.state}: make another.")
    return invitation


async def one_invitation(session: AsyncSession, invitation_id: UUID) -> InvitationView:
    """Raises `NotFound`."""
    found = await session.scalar(select(Invitation).where(Invitation.id == invitation_id))
    if found is None:
        raise NotFound
    return view_of(found)


async def _mail(
    auth: Auth, session: AsyncSession, invitation: Invitation, caller: Principal, language: Language
) -> None:
    await auth.mail_requests.charge(session, "invitation", f"{invitation.tenant_id} {invitation.email}")
    # Whoever makes many organisations must not mail somebody many times as often.
    await auth.mail_requests.charge(session, "invitations", invitation.email, times=OF_ALL)
    await ask(
        session,
        "invitation",
        tenant=invitation.tenant_id,
        subject=invitation.id,
        language=language,
        principal=caller.id,
        now=auth.clock.now(),
    )


def _ended(auth: Auth, invitation: Invitation, state: str, user: UUID | None) -> None:
    now = auth.clock.now()
    invitation.state, invitation.accepted_by = state, user
    invitation.accepted_at = now if user is not None else None
    changed(invitation, now)


def _invited_already() -> Conflict:
    sentence = "This address has an open invitation: mail that again, or withdraw it."
    return Conflict(sentence, errors=[FieldError("INVITED_ALREADY", sentence, "email", "#/email")])


def _local_part(email: str) -> str:
    return email.partition("@")[0]


def _told(auth: Auth, session: AsyncSession, caller: Principal, action: str, invitation: Invitation) -> None:
    auth.audit.write(
        session,
        action,
        f"invitation:{invitation.id}",
        tenant=caller.tenant,
        actor=caller.id,
        details={"roles": invitation.roles},
    )
