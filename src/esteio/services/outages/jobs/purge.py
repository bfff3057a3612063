"""Removing what is too old. What else the house keeps is removed by the house."""

from datetime import timedelta

from esteio.jobs.retention import portions, tenants
from esteio.jobs.run import Run
from esteio.services.outages.settings import OutagesSettings
from esteio.services.outages.tasks import Purged, PurgeOrder

# Areas go with their outage. What a report holds just now is left for the next night: it locks in another order.
_OUTAGES = """
DELETE FROM outages WHERE id IN (
    SELECT id FROM outages WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT $2
    FOR UPDATE SKIP LOCKED)
"""
# How many they were stays.
_UCS = """
UPDATE outage_areas a SET ucs = NULL FROM (
    SELECT b.outage_id, b.conjunto, b.municipio FROM outage_areas b JOIN outages o ON o.id = b.outage_id
    WHERE b.ucs IS NOT NULL AND o.ended_at IS NOT NULL AND o.ended_at < $1 LIMIT $2
    FOR UPDATE SKIP LOCKED) old
WHERE (a.outage_id, a.conjunto, a.municipio) = (old.outage_id, old.conjunto, old.municipio)
"""
_POLLS = """
DELETE FROM outage_polls WHERE id IN (SELECT id FROM outage_polls WHERE at < $1 ORDER BY at LIMIT $2)
"""
_DEMANDS = """
DELETE FROM outage_demands WHERE (tenant_id, protocol) IN (
    SELECT tenant_id, protocol FROM outage_demands
    WHERE closed_at IS NOT NULL AND closed_at < $1 ORDER BY closed_at LIMIT $2)
"""


async def purge(run: Run, order: PurgeOrder) -> Purged:
    """Tenant by tenant, in portions. Doing it twice removes nothing more."""
    section: OutagesSettings = run.settings.services["outages"]
    now = run.clock.now()
    purged = Purged()
    async for tenant in tenants(run.database):
        purged.outages += await portions(run.database, tenant, _OUTAGES, now - timedelta(days=section.outages_days))
        purged.ucs += await portions(run.database, tenant, _UCS, now - timedelta(days=section.ucs_days))
        purged.polls += await portions(run.database, tenant, _POLLS, now - timedelta(days=section.polls_days))
        purged.demands += await portions(run.database, tenant, _DEMANDS, now - timedelta(days=section.demands_days))
    return purged
