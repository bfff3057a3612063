"""What Alembic runs: all revisions on the connection that the runner opened, each in a transaction of its own."""

from alembic import context

from esteio.db.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transaction_per_migration=True,
    on_version_apply=lambda step, **_: context.config.attributes["applied"].append(step.up_revision_id),
)
with context.begin_transaction():
    context.run_migrations()
