"""What of a database a backup has to bring back: tables with their rows' digest, roles, policies, sequences."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from esteio.backups.manifest import Table

_OURS = """
n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
_TABLES = f"""
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND {_OURS} ORDER BY 2
"""  # noqa: S608 - a constant
_UNREADABLE = f"""
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'm') AND {_OURS}
  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) ORDER BY 1
"""  # noqa: S608 - a constant
_RELATIONS = f"""
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_OURS} ORDER BY 1 LIMIT 5
"""  # noqa: S608 - a constant
_ROLE = "SELECT rolname, rolsuper OR rolbypassrls AS sees_all FROM pg_roles WHERE rolname = current_user"
_FORCED = f"""
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relrowsecurity AND c.relforcerowsecurity AND {_OURS} ORDER BY 1
"""  # noqa: S608 - a constant
_ROLES = """
SELECT DISTINCT pg_get_userbyid(a.grantee) AS name FROM (
    SELECT relacl AS acl FROM pg_class
        WHERE relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT nspacl FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    UNION ALL SELECT proacl FROM pg_proc
        WHERE pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT attacl FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
        WHERE c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT defaclacl FROM pg_default_acl
) given, aclexplode(given.acl) a WHERE a.grantee <> 0
UNION SELECT pg_get_userbyid(r) FROM pg_policy p, unnest(p.polroles) r WHERE r <> 0 ORDER BY 1
"""
_OWNERS = f"""
SELECT DISTINCT pg_get_userbyid(c.relowner) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND {_OURS} ORDER BY 1
"""  # noqa: S608 - a constant
_GRANTORS = "SELECT DISTINCT pg_get_userbyid(defaclrole) AS name FROM pg_default_acl ORDER BY 1"
_SEQUENCES = f"""
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
    quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS of_table, quote_ident(a.attname) AS of_column
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
    AND o.refobjsubid > 0
JOIN pg_class t ON t.oid = o.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = o.refobjsubid
WHERE c.relkind = 'S' AND {_OURS} ORDER BY 1
"""  # noqa: S608 - a constant
# Two halves of the text's digest, each summed: the order of rows plays no part, and two equal rows count twice.
_DIGEST = """
SELECT count(*) AS rows, md5(coalesce(sum(('x' || left(h, 16))::bit(64)::bigint), 0) || ' '
    || coalesce(sum(('x' || right(h, 16))::bit(64)::bigint), 0)) AS digest
FROM (SELECT md5((whole.*)::text) AS h FROM ONLY {name} whole) hashed
"""


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a connection, and whether row-level security hides nothing from it."""

    name: str
    sees_all: bool


async def role_of(connection: asyncpg.Connection) -> Role:
    """The connection's own role."""
    row = (await connection.fetch(_ROLE))[0]
    return Role(row["rolname"], row["sees_all"])


async def unreadable(connection: asyncpg.Connection) -> list[str]:
    """Tables and sequences that the connection's role may not select from."""
    return await _names(connection, _UNREADABLE)


async def relations(connection: asyncpg.Connection) -> list[str]:
    """Some of what stands in the database; nothing where it is empty."""
    return await _names(connection, _RELATIONS)


async def digested(connection: asyncpg.Connection) -> list[Table]:
    """Every table as the connection's transaction sees it.

    Its role must see all rows: with `row_security` off a statement fails that a policy would have cut short.
    """
    await connection.execute("SET LOCAL row_security = off")
    found = []
    for name in await _names(connection, _TABLES):
        row = (await connection.fetch(_DIGEST.format(name=name)))[0]
        found.append(Table(name=name, rows=row["rows"], digest=row["digest"]))
    return found


async def forced(connection: asyncpg.Connection) -> list[str]:
    """Tables whose row-level security binds their owner too."""
    return await _names(connection, _FORCED)


async def grantees(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Roles that have been given rights or stand in a policy, without the owners of tables."""
    owners = await _names(connection, _OWNERS)
    return tuple(name for name in await _names(connection, _ROLES) if name not in owners and not name.startswith("pg_"))


async def grantors(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Roles whose future tables give rights to others."""
    return tuple(await _names(connection, _GRANTORS))


async def roles_missing(connection: asyncpg.Connection, names: Sequence[str]) -> list[str]:
    """Those of the names that no role of the cluster has."""
    rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY ($1::text[])", list(names))
    return sorted(set(names) - {row["rolname"] for row in rows})


async def late_sequences(connection: asyncpg.Connection) -> list[str]:
    """Sequences that would give a number that their column has already. Its role must see all rows."""
    late = []
    for row in await connection.fetch(_SEQUENCES):
        behind = await connection.fetchval(
            f"SELECT coalesce((SELECT max({row['of_column']}) FROM {row['of_table']}), 0) > "  # noqa: S608 - quoted
            f"(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {row['name']})"
        )
        if behind:
            late.append(str(row["name"]))
    return late


async def _names(connection: asyncpg.Connection, statement: str) -> list[str]:
    return [str(row["name"]) for row in await connection.fetch(statement)]
