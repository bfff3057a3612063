"""Whether a client's access token is good now: its client, its tenant, its secret, its scopes, and itself."""

import asyncpg

from esteio.auth.oauth.claims import ClientClaims
from esteio.auth.oauth.scopes import common
from esteio.auth.permissions import Permissions
from esteio.auth.proof import Proof, networks_of
from esteio.base.clock import Clock
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.db.reading import Reading

# Explicit in what row-level security would demand anyhow, as for users' tokens.
_LIVING = Reading(
    """
    SELECT c.scopes, c.allowed_networks, coalesce(c.plan, t.plan) AS plan
    FROM oauth_clients c JOIN tenants t ON t.id = c.tenant_id
    WHERE c.id = $1 AND c.client_id = $2 AND c.tenant_id = $3 AND c.enabled AND c.revoked_at IS NULL
      AND t.disabled_at IS NULL
      AND EXISTS (SELECT FROM oauth_client_secrets s WHERE s.id = $4 AND s.owner = c.id)
      AND NOT EXISTS (SELECT FROM revoked_tokens r WHERE r.tenant_id = c.tenant_id AND r.jti = $5)
    """,
    ("client", "client_id", "tenant", "secret", "jti"),
)


class ClientStanding:
    """Asks the database in one round trip; the memory of proved credentials keeps how often."""

    def __init__(self, database: Database, clock: Clock, permissions: Permissions) -> None:
        self._database = database
        self._clock = clock
        self._permissions = permissions

    async def look(self, claims: ClientClaims) -> Proof | None:
        """The client with what is left of the token's scopes; `None` where anything it rests on has ended."""
        values = {name: getattr(claims, name) for name in _LIVING.parameters}
        rows = await self._database.read(claims.tenant, _LIVING, *_LIVING.arguments(values))
        return self._proof(claims, rows[0]) if rows else None

    def _proof(self, claims: ClientClaims, row: asyncpg.Record) -> Proof:
        held = common(claims.scopes, row["scopes"])
        principal = Principal(
            id=f"client:{claims.client}",
            tenant=claims.tenant,
            proof="client",
            permissions=self._permissions.within(claims.tenant, held),
            plan=row["plan"],
            label=claims.client_id,
        )
        rests_on = (f"client:{claims.client}", f"token:{claims.jti}", f"tenant:{claims.tenant}")
        return Proof(principal, rests_on, networks_of(row["allowed_networks"]), claims.expires_at)
