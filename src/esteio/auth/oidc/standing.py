"""Who and where somebody is here, from digests of what a token says: one round trip."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from esteio.auth.accounts import identity_digest
from esteio.auth.oidc.statements import Statement
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.db.tenancy import SETTING

_SLUG = Reading("SELECT id FROM tenants WHERE slug = $1", ("slug",))

# As with API keys: a digest names the tenant, and only then may rows of it be seen.
_STANDING = Reading(
    f"""
    WITH place AS MATERIALIZED (
        SELECT p.tenant_id, set_config('{SETTING}', p.tenant_id::text, true) AS named
        FROM (SELECT o.tenant_id FROM tenant_identities o WHERE o.digest = $2
              UNION ALL SELECT $3::uuid WHERE $3::uuid IS NOT NULL) p
    )
    SELECT found.* FROM place CROSS JOIN LATERAL (
        SELECT t.id AS tenant, t.plan, t.disabled_at IS NOT NULL AS closed, m.user_id, m.name, m.roles,
               m.roles_said_at, m.disabled_at IS NOT NULL OR u.disabled_at IS NOT NULL AS barred,
               u.email IS NULL AS foreign_account, u.reported_email, u.reported_at,
               coalesce((SELECT array_agg(DISTINCT held.permission)
                         FROM roles r CROSS JOIN unnest(r.permissions) AS held(permission)
                         WHERE r.tenant_id = t.id AND r.name = ANY (m.roles)), '{{}}') AS permissions
        FROM tenants t
        LEFT JOIN (identities i JOIN memberships m ON m.user_id = i.user_id JOIN users u ON u.id = m.user_id)
            ON i.digest = $1 AND m.tenant_id = t.id
        WHERE t.id = place.tenant_id
        OFFSET length(place.named) * 0
    ) AS found
    """,  # noqa: S608 - a constant
    ("person", "organization", "tenant"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token belongs: an organisation by its digest, or a tenant that the operator has named."""

    organization: bytes | None = None
    tenant: UUID | None = None


class Standings:
    """Reads what is known here of those whom tokens name."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tenants: dict[str, UUID] = {}

    async def tenant(self, slug: str) -> UUID | None:
        """The id of a tenant that the operator named; it is asked for until there is one, and then never again."""
        if slug not in self._tenants:
            rows = await self._database.read(DEFAULT_TENANT, _SLUG, slug)
            if not rows:
                return None
            self._tenants[slug] = rows[0]["id"]
        return self._tenants[slug]

    async def read(self, said: Statement, place: Place) -> asyncpg.Record | None:
        """The tenant with the person's membership in it, whose columns are null where there is none."""
        person = identity_digest(said.issuer, said.subject)
        rows = await self._database.read(None, _STANDING, person, place.organization, place.tenant)
        return rows[0] if rows else None


def organization_digest(issuer: str, organization: str) -> bytes:
    """What an issuer's organisation is found by."""
    return identity_digest(issuer, f"organization\0{organization}")
