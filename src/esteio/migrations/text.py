"""Revisions as SQL, to be read, reviewed and applied by somebody else."""

from collections.abc import Collection, Sequence
from io import StringIO
from pathlib import Path

from alembic import command

from esteio.db.settings import DatabaseSettings
from esteio.migrations.runner import LOCK_SECONDS, TURN, config

_HEAD = """\
-- What brings the database from {present} to this release, one transaction for each revision.
-- Apply it as the role that owns the tables, the one in ESTEIO_DATABASE__URL, so that what it makes is that role's:
--     psql --set ON_ERROR_STOP=1 --file …
-- A statement that waits longer than {seconds:g} s for a lock fails; what was committed stands: print the rest anew.
SET lock_timeout = {milliseconds:.0f};
SET statement_timeout = 0;
SELECT pg_advisory_lock({turn});

"""
_FOOT = "SELECT pg_advisory_unlock({turn});\n"


def pending(settings: DatabaseSettings, present: Collection[str], folders: Sequence[Path] = ()) -> str:
    """The SQL from these revisions to the heads of all folders; from an empty database where there are none.

    It is made without a connection.
    """
    begin = ", ".join(sorted(present)) or "nothing"
    head = _HEAD.format(present=begin, seconds=LOCK_SECONDS, milliseconds=LOCK_SECONDS * 1000, turn=TURN)
    return head + statements(settings.runtime_role, present, folders) + _FOOT.format(turn=TURN)


def statements(runtime_role: str, present: Collection[str] = (), folders: Sequence[Path] = ()) -> str:
    """What Alembic writes: transactions, the statements of each revision below a line that names it."""
    written = StringIO()
    given = {"runtime_role": runtime_role, "written": written, "present": tuple(sorted(present))}
    command.upgrade(config(folders, **given), "heads", sql=True)
    return written.getvalue()
