"""Row-level security: a tenant's rows exist only in a transaction that has named the tenant.

The setting `esteio.tenant` is set per transaction (`set_config(…, true)`), never per session. A transaction that names
none sees no row and writes none, so a forgotten filter or a forgotten tenant leaks nothing.
"""

from collections.abc import Iterable

import asyncpg

from esteio.base.errors import StartRefused

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

SETTING = "esteio.tenant"
CURRENT_TENANT = f"(SELECT nullif(current_setting('{SETTING}', true), '')::uuid)"
"""A sub-select, evaluated once when the first row is asked for.

Written plainly the setting would be looked at while the statement is planned, when a read in one round trip has not
named its tenant yet: the planner would expect no rows at all, and walk a million by any index that begins with it.
"""


def secure(table: str) -> list[str]:
    """The statements that put a table with a `tenant_id` column under row-level security, for its migration."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_isolation ON {table} "
        f"USING (tenant_id = {CURRENT_TENANT}) WITH CHECK (tenant_id = {CURRENT_TENANT})",
    ]


UNPROTECTED = """
SELECT c.relname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
  AND c.relname <> ALL ($1::text[])
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
           AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)
           AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
                           AND pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%esteio.tenant%'))
ORDER BY 1
"""

_ROLE = """
SELECT r.rolsuper OR r.rolbypassrls AS unbound,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p') AND c.relowner = r.oid AND n.nspname = current_schema()) AS owns
FROM pg_roles r WHERE r.rolname = current_user
"""

TENANT_MAPS = frozenset(
    {
        "api_key_digests",
        "refresh_token_digests",
        "mail_token_digests",
        "job_tickets",
        "outbox_queue",
        "oauth_secret_digests",
        "tenant_identities",
    }
)
"""Tables that say which tenant a secret, a job or a fact belongs to: read before the tenant is known, they hold none of
its contents."""


async def unprotected_tables(connection: Connection, exempt: Iterable[str] = TENANT_MAPS) -> list[str]:
    """Tables that have a `tenant_id` but not both forced row-level security and a policy."""
    return [row["relname"] for row in await connection.fetch(UNPROTECTED, list(exempt))]


async def refuse_unsafe_start(connection: Connection) -> None:
    """Raise `StartRefused` when a tenant table lacks its policy or the runtime role could look past the policies."""
    open_tables = await unprotected_tables(connection)
    if open_tables:
        raise StartRefused(
            f"The tables {', '.join(open_tables)} hold rows of tenants without row-level security: "
            "their migration must execute the statements of esteio.db.tenancy.secure()."
        )
    role = await connection.fetchrow(_ROLE)
    if role is None or role["unbound"] or role["owns"]:
        raise StartRefused(
            "The database role of the API is a superuser, bypasses row-level security or owns tables: "
            "set ESTEIO_DATABASE__RUNTIME_ROLE to a role that does neither (`esteio migrate` makes esteio_runtime)."
        )
