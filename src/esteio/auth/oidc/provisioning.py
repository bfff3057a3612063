"""Making and keeping what an issuer says of a person: the account, its membership, the tenant of its organisation.

All of it is one transaction, which finds again what another has made meanwhile: callers who are seen for the first
time by many processes at once get one account. What was disabled here stays so whatever an issuer says.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import account_by_email, enter_account, identity_digest, make_member
from esteio.auth.announcements import Announcements
from esteio.auth.audit import Audit
from esteio.auth.oidc.bucket import Bucket
from esteio.auth.oidc.grants import Grants
from esteio.auth.oidc.metrics import provisioned
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.standing import Place
from esteio.auth.oidc.statements import Refused, Statement
from esteio.auth.oidc.tenants import make_tenant
from esteio.auth.tables import Identity, Membership, Tenant, TenantIdentity, User
from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.transaction import after_commit, enter_tenant, transaction

AT_ONCE = 100
ONE_IN = 10.0
"""So many organisations of an issuer become tenants at once, and then one in so many seconds in each process: at many
issuers anybody makes as many as they like."""

_TURN = text("SELECT pg_advisory_xact_lock(:number)")


class Provisioning:
    """`reserved` are slugs that no organisation's tenant may take."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: Audit,
        announcements: Announcements,
        grants: Grants,
        reserved: frozenset[str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._announcements = announcements
        self._grants = grants
        self._reserved = reserved
        self._newcomers: dict[str, Bucket] = {}

    async def settle(self, said: Statement, terms: IssuerSettings, place: Place) -> None:
        """Bring what is here in step with what was said. Raises `Refused`, and then nothing was changed."""
        async with transaction(self._database, place.tenant) as session:
            tenant = await self._enter(session, said, terms, place)
            user = await self._person(session, said, terms, tenant)
            await self._membership(session, said, terms, tenant, user)

    async def _enter(self, session: AsyncSession, said: Statement, terms: IssuerSettings, place: Place) -> UUID:
        """The tenant, which the transaction then acts in."""
        tenant = place.tenant
        if tenant is None:
            assert place.organization is not None, "a place is one or the other"
            await _take_turn(session, place.organization)
            by_digest = TenantIdentity.digest == place.organization
            tenant = await session.scalar(select(TenantIdentity.tenant_id).where(by_digest))
        if tenant is None:
            return await self._new_tenant(session, said, terms, place)
        await enter_tenant(session, tenant)
        standing = select(Tenant.disabled_at.is_(None)).where(Tenant.id == tenant)
        if not await session.scalar(standing):
            raise Refused("tenant")
        return tenant

    async def _new_tenant(self, session: AsyncSession, said: Statement, terms: IssuerSettings, place: Place) -> UUID:
        if not terms.create_tenants or said.organization is None or place.organization is None:
            raise Refused("organization")
        if not self._newcomers.setdefault(said.issuer, Bucket(AT_ONCE, ONE_IN, self._clock)).take():
            raise Unavailable(
                "Too many organisations of this issuer come for the first time at once.",
                retry_after=int(ONE_IN),
                operator=f"more than {AT_ONCE} new tenants of {said.issuer}",
            )
        tenant, slug = await make_tenant(
            session, said.organization, place.organization, self._reserved, self._clock.now()
        )
        # Those who run the platform read of it, as of tenants that they make themselves.
        await enter_tenant(session, DEFAULT_TENANT)
        details = {"slug": slug, "organization": said.organization.id}
        self._write(session, "tenant.created", f"tenant:{tenant}", DEFAULT_TENANT, said, details)
        await session.flush()
        await enter_tenant(session, tenant)
        _count(session, said, "tenant")
        return tenant

    async def _person(self, session: AsyncSession, said: Statement, terms: IssuerSettings, tenant: UUID) -> UUID:
        """The account, which the transaction then sees."""
        digest = identity_digest(said.issuer, said.subject)
        await _take_turn(session, digest)
        user = await session.scalar(select(Identity.user_id).where(Identity.digest == digest))
        if user is None:
            user = await self._linked(session, said, terms, tenant)
            if user is None:
                return await self._new_person(session, said, tenant)
            session.add(Identity(digest=digest, user_id=user))
        await enter_account(session, user)
        found = (await session.scalars(select(User).where(User.id == user).with_for_update())).one()
        if found.disabled_at is not None:
            raise Refused("account")
        if found.email is None and said.email not in (None, found.reported_email) and _later(said, found.reported_at):
            found.reported_email, found.reported_at = said.email, said.issued_at
        await session.flush()
        return user

    async def _linked(self, session: AsyncSession, said: Statement, terms: IssuerSettings, tenant: UUID) -> UUID | None:
        """The account of ours whose address both the issuer and the person's mailbox have confirmed to be theirs.

        An address that was only written down when somebody registered may be anybody's.
        """
        if not terms.link_verified_emails or not said.verified or said.email is None:
            return None
        user = await account_by_email(session, said.email)
        if user is None:
            return None
        await enter_account(session, user)
        confirmed = select(User.email_verified_at.is_not(None)).where(User.id == user)
        if not await session.scalar(confirmed):
            return None
        self._write(session, "user.linked", f"user:{user}", tenant, said, {})
        _count(session, said, "link")
        return user

    async def _new_person(self, session: AsyncSession, said: Statement, tenant: UUID) -> UUID:
        user, now = uuid4(), self._clock.now()
        await enter_account(session, user)
        values: dict[str, Any] = {"id": user, "home_tenant": tenant, "created_at": now}
        values |= {"reported_email": said.email, "reported_at": said.issued_at if said.email else None}
        await session.execute(insert(User).values(values))
        session.add(Identity(digest=identity_digest(said.issuer, said.subject), user_id=user))
        await session.flush()
        _count(session, said, "account")
        return user

    async def _membership(
        self, session: AsyncSession, said: Statement, terms: IssuerSettings, tenant: UUID, user: UUID
    ) -> None:
        roles = self._grants.first_roles(said, terms, tenant)
        now = self._clock.now()
        if await make_member(session, tenant, user, said.name, roles, now, said_at=_said_at(said)):
            self._write(session, "user.created", f"user:{user}", tenant, said, {"roles": roles})
            _count(session, said, "member")
            return
        query = select(Membership).where(Membership.tenant_id == tenant, Membership.user_id == user)
        member = (await session.scalars(query.with_for_update())).one()
        if member.disabled_at is not None:
            raise Refused("member")
        roles = self._grants.following(member.roles, said, terms, tenant)
        if said.roles is None or member.roles == roles or not _later(said, member.roles_said_at):
            return
        details = {"roles": roles, "before": member.roles}
        member.roles, member.roles_said_at = roles, said.issued_at
        member.version, member.updated_at = member.version + 1, now
        self._write(session, "user.changed", f"user:{user}", tenant, said, details)
        self._announcements.changed(session, "user", user)
        _count(session, said, "roles")

    def _write(
        self, session: AsyncSession, action: str, subject: str, tenant: UUID, said: Statement, details: dict[str, Any]
    ) -> None:
        actor = f"issuer:{said.issuer}"
        self._audit.write(
            session, action, subject, tenant=tenant, actor=actor, details={"issuer": said.issuer, **details}
        )


def outdated(row: Any, said: Statement, roles: list[str]) -> bool:
    """Whether what is known of a member here is not what a later token says."""
    email = said.email is not None and row["foreign_account"] and row["reported_email"] != said.email
    return (said.roles is not None and row["roles"] != roles and _later(said, row["roles_said_at"])) or (
        email and _later(said, row["reported_at"])
    )


def _later(said: Statement, known: datetime | None) -> bool:
    """Whether the token was made after the one that the present state is from: an older one changes nothing back."""
    return known is None or said.issued_at > known


def _said_at(said: Statement) -> datetime | None:
    return said.issued_at if said.roles is not None else None


def _count(session: AsyncSession, said: Statement, what: str) -> None:
    async def count() -> None:
        provisioned().labels(said.issuer, what).inc()

    after_commit(session, count)


async def _take_turn(session: AsyncSession, digest: bytes) -> None:
    """Hold up others who are about to make the same. Tenants come before persons, so that nobody waits in a ring."""
    await session.execute(_TURN, {"number": int.from_bytes(digest[:8], signed=True)})
