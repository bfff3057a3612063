"""Steps of an expanding revision that a table with rows and traffic can bear."""

from alembic import op


def add_index(name: str, table: str, columns: str, *, unique: bool = False, where: str = "") -> None:
    """An index on a table that exists, made beside its traffic. `columns` and `where` are SQL.

    It stands outside the revision's transaction: make it last. What a failed try left is removed first.
    """
    kind = "UNIQUE INDEX" if unique else "INDEX"
    condition = f" WHERE {where}" if where else ""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE {kind} CONCURRENTLY {name} ON {table} ({columns}){condition}")


def add_check(name: str, table: str, condition: str) -> None:
    """A constraint on a table that exists: for new rows at once, for those that are there without stopping writers."""
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def set_not_null(table: str, column: str) -> None:
    """NOT NULL for a column that every release in use fills, proved by a validated check instead of a locked scan."""
    name = f"ck_{table}_{column}_set"
    add_check(name, table, f"{column} IS NOT NULL")
    op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
