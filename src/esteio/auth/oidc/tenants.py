"""The tenant that an issuer's organisation becomes."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.oidc.statements import Organization
from esteio.auth.schemas import SLUG_PATTERN
from esteio.auth.tables import Tenant, TenantIdentity
from esteio.base.ids import new_id
from esteio.db.transaction import enter_tenant

LONGEST_SLUG = 63
DEFAULT_SLUG = "default"
RESERVED = frozenset({DEFAULT_SLUG})


async def make_tenant(
    session: AsyncSession, organization: Organization, digest: bytes, reserved: frozenset[str], now: datetime
) -> tuple[UUID, str]:
    """A new tenant with its slug, which the transaction then acts in. Whoever calls holds the organisation's turn."""
    tenant = new_id()
    await enter_tenant(session, tenant)
    values: dict[str, Any] = {"id": tenant, "name": organization.name or organization.id[:200]}
    values |= {"version": 1, "created_at": now, "updated_at": now}
    for slug in slugs_for(organization, digest, reserved):
        statement = insert(Tenant).values(slug=slug, **values).on_conflict_do_nothing().returning(Tenant.id)
        if await session.scalar(statement) is not None:
            session.add(TenantIdentity(digest=digest, tenant_id=tenant))
            await session.flush()
            return tenant, slug
    raise AssertionError("a slug of the whole digest is taken by another organisation")


def slugs_for(organization: Organization, digest: bytes, reserved: frozenset[str]) -> list[str]:
    """What the tenant may be called, the best first: as the issuer calls it, then with a part of the digest.

    A slug that the operator has named is for the tenant that they mean, and not for whoever comes first.
    """
    bare = re.sub(r"[^a-z0-9]+", "-", (organization.slug or organization.name or "").lower()).strip("-")
    whole = digest.hex()
    own = bare[: LONGEST_SLUG - 9].strip("-") or "org"
    wished = [organization.slug or "", f"{own}-{whole[:8]}", f"org-{whole[:16]}", f"org-{whole[:58]}"]
    refused = reserved | RESERVED
    return [slug for slug in wished if re.fullmatch(SLUG_PATTERN, slug) and slug not in refused]
