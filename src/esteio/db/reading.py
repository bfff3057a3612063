"""Reads that name their tenant and fetch their rows in one statement.

A read needs the tenant set in its transaction. As separate statements that is BEGIN, set_config, SELECT, COMMIT: four
round trips. Here it is one: the tenant is set by a materialised CTE, and the query hangs on it by a lateral OFFSET, so
that PostgreSQL must run `set_config` before it can touch the first row. Were the order ever different, row-level
security would show no rows at all: the trick can fail closed only. `tests/db` holds both.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect  # noqa: N812 - it is a class

from esteio.db.tenancy import SETTING

_DIALECT = AsyncpgDialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Reading:
    """A compiled query with `$1 … $n`, made once and used by every request of its shape."""

    plain: str
    parameters: tuple[str, ...] = ()

    @cached_property
    def scoped(self) -> str:
        """The same query, run as the tenant whose id is the last argument."""
        tenant = f"${len(self.parameters) + 1}"
        # No value enters this text: `plain` was compiled from a select, values travel as parameters.
        return (
            f"WITH scope AS MATERIALIZED (SELECT set_config('{SETTING}', {tenant}::text, true) AS tenant) "  # noqa: S608
            f"SELECT found.* FROM scope CROSS JOIN LATERAL "
            f"(SELECT asked.* FROM ({self.plain}) AS asked OFFSET length(scope.tenant) * 0) AS found"
        )

    def arguments(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """Named values in the order in which the query numbers them."""
        return tuple(values[name] for name in self.parameters)


def reading(statement: Select[*tuple[Any, ...]]) -> Reading:
    """Compile a `select` whose variable parts are `bindparam`s. Do this once per shape: it costs a millisecond."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names = tuple(compiled.positiontup or ())
    unbound = [name for name in names if compiled.params[name] is not None]
    if unbound:
        raise ValueError(f"a reading takes its values as bindparam: {', '.join(unbound)} is a literal")
    return Reading(str(compiled), names)
