"""What Alembic runs: revisions on the connection that the runner opened, or as text, each in its own transaction."""

from alembic import context

from esteio.db.tables import Table

given = context.config.attributes
if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql",
        target_metadata=Table.metadata,  # its way of naming constraints
        dialect_opts={"paramstyle": "named"},  # else each % of a statement would be written twice
        output_buffer=given["written"],
        starting_rev=given["present"] or None,
        transaction_per_migration=True,
    )
else:
    context.configure(
        connection=given["connection"],
        target_metadata=Table.metadata,
        transaction_per_migration=True,
        on_version_apply=lambda step, **_: given["applied"].append(step.up_revision_id),
    )
with context.begin_transaction():
    context.run_migrations()
