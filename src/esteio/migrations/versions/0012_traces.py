"""Where in a trace jobs and facts come from (W3C `traceparent`), so that what is done later is part of the same trace.

Only of requests that are traced. `jobs.run_traceparent` is the last run that did not succeed: the next links to it.
"""

from alembic import op

revision = "esteio_0012"
down_revision = "esteio_0011"
branch_labels = None
depends_on = None

COLUMNS = (
    ("jobs", "traceparent"),
    ("jobs", "run_traceparent"),
    ("job_tickets", "traceparent"),
    ("outbox", "traceparent"),
)


def upgrade() -> None:
    """Columns that may be empty: no row is rewritten, and code that does not know them goes on."""
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} varchar(55)")
