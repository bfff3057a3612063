"""Where the engines' Unix sockets lie: in the data directory, or in a short private one where its path is unfit."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from esteio.embedded.account import Account, give
from esteio.embedded.directory import DataDirectory

LONGEST = 107 if sys.platform == "linux" else 103  # bytes of a socket's path, without the closing NUL
PORT = 5432
POSTGRES_SOCKET = f".s.PGSQL.{PORT}"
VALKEY_SOCKET = "valkey.sock"


def socket_directory(directory: DataDirectory, account: Account | None) -> Path:
    """An empty directory that only the engines' account (and root) may enter.

    Whatever an earlier run left in it is removed: the caller holds the data directory's lock and ended what ran.
    """
    if _can_be_named(directory.run):
        shutil.rmtree(directory.run, ignore_errors=True)
        directory.run.mkdir(mode=0o700)
        give(directory.run, account)
        return directory.run
    release(directory, account)
    short = Path(tempfile.mkdtemp(prefix="esteio-", dir=_short_base()))
    directory.sockets_elsewhere.write_text(str(short))
    give(short, account)
    return short


def _can_be_named(run: Path) -> bool:
    """Clients read a comma in a host as the start of another host."""
    return len(os.fsencode(run / POSTGRES_SOCKET)) <= LONGEST and "," not in str(run)


def release(directory: DataDirectory, account: Account | None) -> None:
    """Removes the short directory on record, if there is one and it is still ours."""
    if not directory.sockets_elsewhere.exists():
        return
    short = Path(directory.sockets_elsewhere.read_text())
    if _is_ours(short, account):
        shutil.rmtree(short, ignore_errors=True)
    directory.sockets_elsewhere.unlink()


def _is_ours(short: Path, account: Account | None) -> bool:
    """A name in /tmp may by now belong to someone else: not followed, not removed unless the owner fits."""
    owners = {os.geteuid(), account.uid if account else os.geteuid()}
    try:
        found = short.lstat()
    except OSError:
        return False
    return short.name.startswith("esteio-") and stat.S_ISDIR(found.st_mode) and found.st_uid in owners


def _short_base() -> str:
    """The user's runtime directory where there is one; root's engines could not enter root's, so /tmp for root."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    longest_name = len("/esteio-12345678/") + len(POSTGRES_SOCKET)
    usable = runtime and Path(runtime).is_dir() and len(os.fsencode(runtime)) + longest_name <= LONGEST
    if usable and os.geteuid() != 0 and os.access(runtime, os.W_OK):
        return runtime
    return "/tmp"  # noqa: S108 - mkdtemp makes a private directory in it; TMPDIR may be as long as the data's path
