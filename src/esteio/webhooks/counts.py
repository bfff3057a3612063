"""What is counted of webhooks, for the census."""

from esteio.jobs.census import TenantCount

_STATES = ("enabled", "failing", "disabled")

WEBHOOK_COUNTS = (
    TenantCount(
        name="esteio_webhook_deliveries_pending",
        words="Deliveries that are not delivered yet and not given up",
        sql="SELECT 'esteio_webhook_deliveries_pending', '{}'::jsonb, count(*)::float8 FROM webhook_deliveries "
        "WHERE state = 'pending' HAVING count(*) > 0",
    ),
    TenantCount(
        name="esteio_webhook_oldest_pending_seconds",
        words="For how long the oldest of them has waited",
        sql="SELECT 'esteio_webhook_oldest_pending_seconds', '{}'::jsonb, "
        "extract(epoch FROM now() - min(created_at))::float8 FROM webhook_deliveries "
        "WHERE state = 'pending' HAVING count(*) > 0",
        greatest=True,
    ),
    TenantCount(
        name="esteio_webhook_endpoints",
        words="Endpoints of webhooks: in use, in use but failing, disabled",
        sql="SELECT 'esteio_webhook_endpoints', jsonb_build_object('state', state), count(*)::float8 FROM ("
        "SELECT CASE WHEN NOT enabled THEN 'disabled' WHEN failing_since IS NULL THEN 'enabled' ELSE 'failing' END "
        "AS state FROM webhook_endpoints WHERE deleted_at IS NULL) AS standing GROUP BY state",
        samples=tuple({"state": state} for state in _STATES),
    ),
)
