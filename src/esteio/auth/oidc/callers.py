"""From an issuer's token to a proof of who is calling."""

from collections.abc import Sequence

import asyncpg

from esteio.auth.announcements import Announcements
from esteio.auth.audit import Audit
from esteio.auth.oidc.cache import IssuerKeys
from esteio.auth.oidc.documents import Documents
from esteio.auth.oidc.grants import Grants
from esteio.auth.oidc.metrics import refusals
from esteio.auth.oidc.provisioning import Provisioning, outdated
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.source import Source
from esteio.auth.oidc.standing import Place, Standings, organization_digest
from esteio.auth.oidc.statements import Refused, Statement
from esteio.auth.oidc.verifier import IssuerVerifier, Verifier
from esteio.auth.permissions import Permissions
from esteio.auth.proof import Proof
from esteio.base.clock import Clock
from esteio.base.errors import StartRefused
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.telemetry.logs import log
from esteio.telemetry.sparse import SparseLog
from esteio.upstream.background import Background
from esteio.upstream.settings import UpstreamSettings

FAREWELL = 1.0


def demand_others(issuers: Sequence[IssuerSettings], own: str) -> None:
    """Raise `StartRefused` where the deployment itself is among the issuers: its tokens have a way of their own."""
    if any(terms.issuer.rstrip("/") == own.rstrip("/") for terms in issuers):
        raise StartRefused(
            f"ESTEIO_AUTH__ISSUERS names {own}, which is this deployment (ESTEIO_HTTP__PUBLIC_URL): name others only."
        )


class IssuerCallers:
    """All configured issuers of a process. `look` is a `TokenLook`."""

    def __init__(
        self,
        issuers: Sequence[IssuerSettings],
        permissions: Permissions,
        *,
        database: Database,
        clock: Clock,
        audit: Audit,
        announcements: Announcements,
        upstream: UpstreamSettings,
    ) -> None:
        self._background = Background()
        self._documents = Documents(frozenset(host for terms in issuers for host in terms.hosts), upstream)
        self._issuers = {terms.issuer: self._verifier_of(terms, clock) for terms in issuers}
        self._verifier = Verifier(self._issuers)
        self._standings = Standings(database)
        self._grants = Grants(permissions)
        reserved = frozenset(slug for terms in issuers for slug in terms.slugs)
        self._provisioning = Provisioning(database, clock, audit, announcements, self._grants, reserved)
        self._log = SparseLog(log("esteio.oidc"), clock)

    async def open(self) -> None:
        """Fetch the issuers' keys in the background; nobody waits for it."""
        for issuer in self._issuers.values():
            issuer.keys.prepare()

    async def close(self) -> None:
        await self._background.close(FAREWELL)
        await self._documents.close()

    async def look(self, raw: bytes) -> Proof | None:
        """Whom the token proves; `None` for one that is wrong in any way.

        Raises `Unavailable` when that cannot be said: the issuer's keys or the database cannot be had.
        """
        issuer = self._verifier.issuer_of(raw)
        if issuer is None:
            return None
        try:
            said = await issuer.verified(raw)
            return await self._proof(said, issuer.terms)
        except Refused as refusal:
            refusals().labels(issuer.terms.issuer, refusal.why).inc()
            self._log.info("oidc.refused", issuer=issuer.terms.issuer, why=refusal.why)
            return None

    async def _proof(self, said: Statement, terms: IssuerSettings) -> Proof:
        place = await self._place(said, terms)
        row = await self._standings.read(said, place)
        if row is None or self._to_settle(row, said, terms):
            await self._provisioning.settle(said, terms, place)
            row = await self._standings.read(said, place)
        if row is None or row["user_id"] is None:
            # Somebody removed what was there a moment ago.
            raise Refused("member")
        if row["closed"] or row["barred"]:
            raise Refused("tenant" if row["closed"] else "member")
        return self._proved(said, terms, row)

    async def _place(self, said: Statement, terms: IssuerSettings) -> Place:
        organization = said.organization
        slug = terms.tenant if organization is None else terms.organizations.get(organization.id)
        if slug is not None:
            tenant = await self._standings.tenant(slug)
            if tenant is None:
                raise Refused("tenant")
            return Place(tenant=tenant)
        if organization is None:
            raise Refused("organization")
        return Place(organization=organization_digest(said.issuer, organization.id))

    def _to_settle(self, row: asyncpg.Record, said: Statement, terms: IssuerSettings) -> bool:
        if row["closed"]:
            return False
        if row["user_id"] is None:
            return True
        roles = self._grants.following(row["roles"], said, terms, row["tenant"])
        return not row["barred"] and outdated(row, said, roles)

    def _proved(self, said: Statement, terms: IssuerSettings, row: asyncpg.Record) -> Proof:
        user, tenant = row["user_id"], row["tenant"]
        roles = self._grants.roles(row["roles"], terms, tenant)
        principal = Principal(
            id=f"user:{user}",
            tenant=tenant,
            proof="oidc",
            user=user,
            roles=tuple(roles),
            permissions=self._grants.permissions(said, terms, tenant, roles, row["permissions"]),
            plan=row["plan"],
            label=row["name"],
        )
        return Proof(principal, (f"user:{user}", f"tenant:{tenant}"), (), said.expires_at)

    def _verifier_of(self, terms: IssuerSettings, clock: Clock) -> IssuerVerifier:
        source = Source(terms, self._documents)
        return IssuerVerifier(terms, IssuerKeys(terms, source, clock, self._background), clock)
