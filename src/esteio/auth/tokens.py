"""Access tokens: signed statements, short-lived, believed only while the session or client behind them lives."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import jwt

from esteio.auth.oauth.claims import ClientClaims, client_claims, is_of_client, stated
from esteio.auth.oauth.standing import ClientStanding
from esteio.auth.permissions import Permissions
from esteio.auth.proof import Proof
from esteio.auth.settings import AuthSettings
from esteio.auth.signing import ALGORITHM, SigningKeys
from esteio.base.clock import Clock
from esteio.base.ids import new_id
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.db.reading import Reading

LEEWAY = timedelta(seconds=5)
"""Another machine of the deployment may be so much ahead. Expiry knows no leeway."""

_REQUIRED = ["iss", "aud", "sub", "tenant", "iat", "nbf", "exp", "jti"]
_CHECKS: Any = {
    "require": _REQUIRED,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "strict_aud": True,
}

# Explicit in what row-level security would demand anyhow: session and membership are those of the token's tenant.
_LIVING = Reading(
    """
    SELECT s.user_id, s.expires_at, m.roles, m.name, t.plan,
           coalesce((SELECT array_agg(DISTINCT held.permission)
                     FROM roles r CROSS JOIN unnest(r.permissions) AS held(permission)
                     WHERE r.tenant_id = s.tenant_id AND r.name = ANY (m.roles)), '{}') AS permissions
    FROM sessions s
    JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    JOIN users u ON u.id = s.user_id
    JOIN tenants t ON t.id = s.tenant_id
    WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 AND s.epoch = u.epoch
      AND u.disabled_at IS NULL AND m.disabled_at IS NULL AND t.disabled_at IS NULL
    """,
    ("session", "user", "now"),
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a user's token says, once its signature has been verified. `issued_at` in epoch seconds."""

    user: UUID
    session: UUID
    tenant: UUID
    jti: UUID
    issued_at: int
    expires_at: datetime


class Tokens:
    """Issues and verifies the deployment's own access tokens (ES256, `typ: at+jwt`)."""

    def __init__(
        self,
        keys: SigningKeys,
        database: Database,
        clock: Clock,
        settings: AuthSettings,
        permissions: Permissions,
        *,
        issuer: str,
    ) -> None:
        self._keys = keys
        self._database = database
        self._clock = clock
        self._permissions = permissions
        self._clients = ClientStanding(database, clock, permissions)
        self.issuer = issuer
        self.audience = settings.audience
        self.lifetime = timedelta(minutes=settings.access_minutes)

    async def issue(self, user: UUID, session: UUID, tenant: UUID) -> str:
        """A token for this session, good for `lifetime`."""
        return await self._signed({"sub": str(user), "sid": str(session)}, tenant)

    async def issue_to_client(
        self, client: UUID, client_id: str, secret: UUID, tenant: UUID, scopes: tuple[str, ...]
    ) -> str:
        """A token for a client that showed this secret, good for `lifetime` and no more than these scopes."""
        return await self._signed(stated(client, client_id, secret, scopes), tenant)

    async def _signed(self, said: dict[str, str], tenant: UUID) -> str:
        kid, private = await self._keys.signer()
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            **said,
            "tenant": str(tenant),
            "iat": now,
            "nbf": now,
            "exp": now + int(self.lifetime.total_seconds()),
            "jti": new_id().hex,
        }
        return jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": kid, "typ": "at+jwt"})

    async def verified(self, raw: bytes) -> Claims | ClientClaims | None:
        """What the token says, or `None` for one that is not ours, altered, expired or not valid yet."""
        try:
            header = jwt.get_unverified_header(raw)
            if header.get("alg") != ALGORITHM or header.get("typ") != "at+jwt":
                return None
            public = await self._keys.public(str(header.get("kid")))
            if public is None:
                return None
            claims = jwt.decode(
                raw, public, algorithms=[ALGORITHM], issuer=self.issuer, audience=self.audience, options=_CHECKS
            )
            return self._timely(claims)
        except (jwt.PyJWTError, LookupError, ValueError, TypeError, OverflowError):
            return None

    async def look(self, raw: bytes) -> Proof | None:
        """Whom the token proves while its session and user, or its client, and its tenant are in good standing."""
        claims = await self.verified(raw)
        if claims is None:
            return None
        if isinstance(claims, ClientClaims):
            return await self._clients.look(claims)
        values = {"session": claims.session, "user": claims.user, "now": self._clock.now()}
        rows = await self._database.read(claims.tenant, _LIVING, *_LIVING.arguments(values))
        return self._proof(claims, rows[0]) if rows else None

    def _timely(self, claims: dict[str, Any]) -> Claims | ClientClaims | None:
        now = self._clock.now()
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        latest = (now + LEEWAY).timestamp()
        if expires_at <= now or claims["nbf"] > latest or claims["iat"] > latest:
            return None
        if is_of_client(claims):
            return client_claims(claims, expires_at)
        user, session, tenant, jti = (UUID(claims[name]) for name in ("sub", "sid", "tenant", "jti"))
        return Claims(user, session, tenant, jti, int(claims["iat"]), expires_at)

    def _proof(self, claims: Claims, row: asyncpg.Record) -> Proof:
        user, tenant, roles = claims.user, claims.tenant, tuple(row["roles"])
        held = frozenset(row["permissions"]).union(*(self._permissions.of_role(role) for role in roles))
        principal = Principal(
            id=f"user:{user}",
            tenant=tenant,
            proof="token",
            user=user,
            session=claims.session,
            roles=roles,
            permissions=self._permissions.within(tenant, held),
            plan=row["plan"],
            label=row["name"],
        )
        rests_on = (f"session:{claims.session}", f"user:{user}", f"tenant:{tenant}")
        return Proof(principal, rests_on, (), min(claims.expires_at, row["expires_at"]))
