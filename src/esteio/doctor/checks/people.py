"""Credentials that grew old, and those who may do everything."""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, note, warning
from esteio.base.principal import DEFAULT_TENANT
from esteio.doctor.patient import Patient
from esteio.doctor.tenants import tenants

OLD_KEY_DAYS = 365
IDLE_KEY_DAYS = 180
IDLE_ADMIN_DAYS = 90
MANY_ADMINS = 5
_GRACE_DAYS = 7

_KEYS = """
SELECT count(*) FILTER (WHERE created_at < now() - make_interval(days => $1)) AS old,
       count(*) FILTER (WHERE coalesce(last_used_at, created_at) < now() - make_interval(days => $2)) AS idle
FROM api_keys WHERE enabled AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_SIGNING = "SELECT extract(epoch FROM now() - max(created_at))::float8 / 86400 AS days FROM signing_keys"
_ADMINS = """
SELECT m.created_at AS since, (SELECT max(s.created_at) FROM sessions s WHERE s.user_id = m.user_id) AS last
FROM memberships m WHERE 'admin' = ANY (m.roles) AND m.disabled_at IS NULL
"""


async def api_keys(patient: Patient) -> AsyncIterator[Finding]:
    old = idle = 0
    for tenant in await tenants(patient):
        row = (await patient.server.rows_of(tenant, _KEYS, OLD_KEY_DAYS, IDLE_KEY_DAYS))[0]
        old, idle = old + row["old"], idle + row["idle"]
    if old:
        yield warning(
            f"{old} API key{'s are' if old > 1 else ' is'} older than {OLD_KEY_DAYS} days.",
            why="The longer a key is used, the more places have a copy of it.",
            fix="Rotate them: POST /api/v2/keys/{id}/rotate leaves the old one good for a while.",
        )
    if idle:
        yield note(
            f"{idle} API key{'s were' if idle > 1 else ' was'} not used for {IDLE_KEY_DAYS} days.",
            why="Nobody would notice that somebody else uses it.",
            fix="Revoke them: `esteio keys list`, `esteio keys revoke`.",
        )


async def signing_keys(patient: Patient) -> AsyncIterator[Finding]:
    most = patient.settings.auth.signing_key_days
    days = (await patient.server.rows(_SIGNING))[0]["days"]
    if days is not None and days > most + _GRACE_DAYS:
        yield warning(
            f"Access tokens are signed with a key that is {days:.0f} days old.",
            why=f"A new one is due every {most} days, and a start of the API makes it: none has started for long.",
            fix="Restart the API, or POST /api/v2/signing-keys.",
            variable="ESTEIO_AUTH__SIGNING_KEY_DAYS",
        )


async def administrators(patient: Patient) -> AsyncIterator[Finding]:
    """Those of the platform's own tenant."""
    found = await patient.server.rows_of(DEFAULT_TENANT, _ADMINS)
    now = patient.clock.now()
    idle = sum((now - (row["last"] or row["since"])).days >= IDLE_ADMIN_DAYS for row in found)
    if len(found) > MANY_ADMINS:
        yield warning(
            f"{len(found)} people administer the platform.",
            why="Each of them is a way to everything.",
            fix="Give those who need less a role of their own.",
        )
    if idle:
        yield warning(
            f"{idle} of {len(found)} administrators did not log in for {IDLE_ADMIN_DAYS} days.",
            why="An account that nobody uses is one that nobody watches.",
            fix="Disable them.",
        )
