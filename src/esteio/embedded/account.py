"""Who the engines run as. PostgreSQL refuses to run as root, so root hands both engines to a lesser account."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esteio.embedded.refusals import ExitCode, Refused

PREFERRED = ("postgres", "nobody")
SEARCH = (stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH)


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def may_search(self, directory: os.stat_result) -> bool:
        """By the permission bits; the kernel asks only the first class that matches."""
        owner, group, others = SEARCH
        if directory.st_uid == self.uid:
            return bool(directory.st_mode & owner)
        return bool(directory.st_mode & (group if directory.st_gid == self.gid else others))


def engine_account(data: Path) -> Account | None:
    """The account to change to, or None to stay who we are (an ordinary user).

    Root takes the owner of the data where that is an ordinary user, so that the owner can still run it afterwards.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return _account(pwd.getpwuid, owner) or Account(str(owner), owner, data.stat().st_gid)
    for name in PREFERRED:
        if account := _account(pwd.getpwnam, name):
            return account
    raise Refused(
        "PostgreSQL does not run as root, and this machine has neither an account `postgres` nor `nobody`: "
        "run `esteio up` as an ordinary user, or set ESTEIO_DATABASE__URL and ESTEIO_REDIS__URL.",
        ExitCode.NO_PERMISSION,
    )


def give(path: Path, account: Account | None) -> None:
    """Makes the account the owner; nothing to do when we are that account."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def open_way(path: Path, account: Account | None, say: Callable[[str], None]) -> None:
    """Lets the account reach `path`: search permission, nothing more, for others on each ancestor that lacks it."""
    if account is None:
        return
    for ancestor in reversed(path.resolve().parents):
        found = ancestor.stat()
        if not account.may_search(found):
            ancestor.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
            say(f"added search permission (o+x) to {ancestor}, so that `{account.name}` can reach {path}")


def _account(look_up: Callable[[Any], pwd.struct_passwd], key: str | int) -> Account | None:
    try:
        entry = look_up(key)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
