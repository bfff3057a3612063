"""The role that the API runs as: it owns nothing and cannot look past row-level security."""

from alembic import context


def runtime_role() -> str:
    """The role's name, from the settings that the runner was given."""
    role: str = context.config.attributes["runtime_role"]
    return role


def make_role(role: str) -> list[str]:
    """Statements that leave the role in being and let whoever migrates take it on (`SET ROLE`), PostgreSQL 15 to 18.

    A role that somebody made and granted before is left as it is, so that a migrating role without CREATEROLE will do.
    """
    return [_MAKE.format(role=role), _LEND.format(role=role), f"GRANT USAGE ON SCHEMA public TO {role}"]


def grant(role: str, rights: str, *tables: str) -> list[str]:
    """Statements that give exactly these rights on these tables."""
    listed = ", ".join(tables)
    return [f"REVOKE ALL ON {listed} FROM {role}", f"GRANT {rights} ON {listed} TO {role}"]


def default_privileges(role: str) -> list[str]:
    """Statements by which tables that later revisions and services make are readable and writable by the role."""
    return [
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role}",
    ]


# A concurrent maker in another database shows as one of these errors: then the role is there, which is all we want.
_MAKE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role {role} is missing and % may not make it', current_user
            USING HINT = 'As a superuser: CREATE ROLE {role} NOLOGIN; GRANT {role} TO ' || current_user;
END $$
"""

# From 16 on a membership may lack SET; before, every member may take the role on.
_LEND = """
DO $$ DECLARE
    lent boolean;
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        lent := pg_has_role(current_user, '{role}', 'SET');
    ELSE
        lent := pg_has_role(current_user, '{role}', 'MEMBER');
    END IF;
    IF NOT lent THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN unique_violation OR internal_error THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION '% may not take on the role {role}', current_user
            USING HINT = 'As a superuser: GRANT {role} TO ' || current_user;
END $$
"""
