"""The database's shape: revisions, roles, the walls between tenants."""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, note
from esteio.db.revisions import known_revisions
from esteio.db.tenancy import TENANT_MAPS, UNPROTECTED
from esteio.doctor.patient import Patient
from esteio.runtime.opening import migration_folders

_PRESENT = "SELECT to_regclass('alembic_version')::text AS there"
_ROLE = """
SELECT rolsuper AS super, rolbypassrls AS bypass,
       (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')) AS owned,
       pg_has_role(current_user, r.oid, 'MEMBER') AS lent
FROM pg_roles r WHERE rolname = $1
"""


async def migrations(patient: Patient) -> AsyncIterator[Finding]:
    known = known_revisions(migration_folders(patient.services))
    present: frozenset[str] = frozenset()
    if (await patient.server.rows(_PRESENT))[0]["there"] is not None:
        rows = await patient.server.rows("SELECT version_num FROM alembic_version")
        present = frozenset(row["version_num"] for row in rows)
    strangers = sorted(present - known.known)
    if strangers:
        yield note(
            f"The database has revisions of a newer release: {', '.join(strangers)}.",
            why="This release runs on it, and cannot migrate it.",
            fix="Roll the newer release out, or leave it so while you roll back.",
        )
    elif known.behind(present):
        yield error(
            f"Migrations are pending: {', '.join(sorted(known.heads - present))}.",
            why="No process of this release is ready before they are applied.",
            fix="Run `esteio migrate`, or have its SQL reviewed: `esteio migrate --sql`.",
        )


async def runtime_role(patient: Patient) -> AsyncIterator[Finding]:
    role = patient.settings.database.runtime_role
    rows = await patient.server.rows(_ROLE, role)
    if not rows:
        yield _of_role(f"The role {role} does not exist.", "Run `esteio migrate`, which makes it.")
        return
    found = rows[0]
    if found["super"] or found["bypass"]:
        yield _of_role(
            f"The role {role} {'is a superuser' if found['super'] else 'bypasses row-level security'}.",
            f"As a superuser: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS.",
        )
    if found["owned"]:
        yield _of_role(
            f"The role {role} owns {found['owned']} tables.", "Let another role own them; `esteio migrate` makes one."
        )
    if not found["lent"]:
        yield _of_role(
            f"The URL's role may not take on the role {role}.", f"As a superuser: GRANT {role} TO that role."
        )


def _of_role(what: str, fix: str) -> Finding:
    return error(
        what,
        why="The API refuses to start, since its role would not be held by the walls between tenants.",
        fix=fix,
        variable="ESTEIO_DATABASE__RUNTIME_ROLE",
    )


async def walls(patient: Patient) -> AsyncIterator[Finding]:
    for row in await patient.server.rows(UNPROTECTED, list(TENANT_MAPS)):
        yield error(
            f"The table {row['relname']} holds rows of tenants without forced row-level security.",
            why="One forgotten filter shows one tenant's rows to another; the API refuses to start.",
            fix="Execute the statements of esteio.db.tenancy.secure() for it in a migration.",
        )
