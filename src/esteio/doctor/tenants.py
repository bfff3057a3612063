"""Which tenants are looked at one by one."""

from uuid import UUID

from esteio.base.principal import DEFAULT_TENANT
from esteio.doctor.patient import Patient

MOST = 500

_TENANTS = "SELECT id FROM tenants WHERE disabled_at IS NULL ORDER BY created_at DESC LIMIT $1"


async def tenants(patient: Patient) -> list[UUID]:
    """Those that are enabled, the newest first, at most `MOST`."""
    return [row["id"] for row in await patient.server.rows_of(DEFAULT_TENANT, _TENANTS, MOST)]
