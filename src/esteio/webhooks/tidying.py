"""Removing what is too old, and closing deliveries whose job was lost."""

from datetime import timedelta

from esteio.jobs.job import Job
from esteio.jobs.retention import portions, tenants
from esteio.jobs.run import Run
from esteio.webhooks.kinds import TIDY, Tidied, TidyOrder

LOST_AFTER = timedelta(hours=1)
"""How long after its time a pending delivery without a job counts as lost: its job was cancelled, or cost workers."""

_DELIVERIES = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE state <> 'pending' AND finished_at < $1 ORDER BY finished_at LIMIT $2)
"""
_RECEIPTS = """
DELETE FROM webhook_receipts WHERE id IN (
    SELECT id FROM webhook_receipts WHERE received_at < $1 ORDER BY received_at LIMIT $2)
"""
_ENDPOINTS = """
DELETE FROM webhook_endpoints WHERE id IN (
    SELECT id FROM webhook_endpoints e WHERE deleted_at < $1
    AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id) LIMIT $2)
"""
_LOST = """
UPDATE webhook_deliveries d SET state = 'failed', next_at = NULL, finished_at = now(),
    last_error = 'The job that sends it was lost.'
WHERE id IN (
    SELECT id FROM webhook_deliveries p WHERE state = 'pending' AND next_at < $1
    AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = p.tenant_id AND j.name = 'webhooks.deliver'
                    AND j.unique_key = 'delivery:' || p.id AND j.outcome IS NULL) LIMIT $2)
"""


async def tidy(run: Run, order: TidyOrder) -> Tidied:
    """Tenant by tenant, in portions. Doing it twice removes nothing more."""
    settings, now = run.settings.webhooks, run.clock.now()
    deliveries_before = now - timedelta(days=settings.delivery_days)
    receipts_before = now - timedelta(days=settings.receipt_days)
    tidied = Tidied()
    async for tenant in tenants(run.database):
        tidied.lost += await portions(run.database, tenant, _LOST, now - LOST_AFTER)
        tidied.deliveries += await portions(run.database, tenant, _DELIVERIES, deliveries_before)
        tidied.receipts += await portions(run.database, tenant, _RECEIPTS, receipts_before)
        tidied.endpoints += await portions(run.database, tenant, _ENDPOINTS, deliveries_before)
    return tidied


TIDY_JOB = Job(TIDY, tidy)
