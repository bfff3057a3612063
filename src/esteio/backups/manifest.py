"""What a backup says of itself, written last and signed: without it there is no backup."""

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from esteio.backups.errors import BackupDamaged, BackupRefused
from esteio.base.crypto import Keyring, same

FORMAT = 1
NAME = "manifest.json"
_SIGNED = "backup-manifest"
_CHECK = "backup-secret-check"


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Said):
    """An object of the backup: its name within it, its bytes and their SHA-256 as they are stored."""

    name: str
    size: int
    sha256: str


class Stream(_Said):
    """What its parts are one after the other, before encryption."""

    parts: tuple[Part, ...]
    size: int
    sha256: str


class Table(_Said):
    """The rows of a table at the moment of the backup; `digest` does not depend on their order."""

    name: str
    rows: int
    digest: str


class Lost(_Said):
    """A file that a row names and that could not be taken along: `missing`, `altered`, or `over` meanwhile."""

    key: str
    why: Literal["missing", "altered", "over"]


class Manifest(_Said):
    """One backup. `taken_at` is the moment whose state it holds."""

    format: int
    id: str
    started_at: datetime
    taken_at: datetime
    finished_at: datetime
    made_by: str
    esteio: str
    revisions: tuple[str, ...]
    postgres: int
    pg_dump: int
    runtime_role: str
    roles: tuple[str, ...]
    grantors: tuple[str, ...]
    recipients: tuple[str, ...]
    secret_check: str
    tables: tuple[Table, ...]
    database: Stream
    files: Stream | None
    file_list: Stream | None
    file_count: int
    file_bytes: int
    lost: tuple[Lost, ...]

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams by name, in the order in which they are checked."""
        found = {"database": self.database, "file_list": self.file_list, "files": self.files}
        return {name: stream for name, stream in found.items() if stream is not None}

    @property
    def size(self) -> int:
        """Bytes of all parts as they are stored."""
        return sum(part.size for stream in self.streams.values() for part in stream.parts)


def secret_check(keyring: Keyring, backup: str) -> str:
    """By what a restore knows early that it has the backup's master secret; it tells nothing of the secret."""
    return keyring.digest(_CHECK, backup.encode()).hex()


def written(manifest: Manifest, keyring: Keyring) -> bytes:
    """The manifest as it is stored."""
    said = manifest.model_dump(mode="json")
    return orjson.dumps({"mac": _mac(said, keyring), "manifest": said}, option=orjson.OPT_INDENT_2)


def read(text: bytes, keyring: Keyring, backup: str) -> Manifest:
    """The manifest of the backup of this id.

    Raises `BackupDamaged` when it is not what was written, `BackupRefused` when it is of a newer format or the
    master secret is another.
    """
    try:
        told = orjson.loads(text)
        said, mac = told["manifest"], str(told["mac"])
        number, check = int(said["format"]), str(said["secret_check"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"The manifest of {backup} is not readable.") from error
    if not same(mac.encode(), _mac(said, keyring).encode()):
        if said.get("id") == backup and not same(check.encode(), secret_check(keyring, backup).encode()):
            raise BackupRefused(
                f"{backup} was made under another master secret, or its manifest was altered: set ESTEIO_SECRET_KEY "
                "to the one that was in force then, since what is sealed in the database opens with no other."
            )
        raise BackupDamaged(f"The manifest of {backup} was altered.")
    if said["id"] != backup:
        raise BackupDamaged(f"The manifest of {backup} is that of {said['id']}.")
    if number != FORMAT:
        raise BackupRefused(f"{backup} has the format {number}, of a newer release: restore it with that one.")
    try:
        return Manifest.model_validate(said)
    except ValidationError as error:
        raise BackupDamaged(f"The manifest of {backup} is not complete.") from error


def _mac(said: Any, keyring: Keyring) -> str:
    return keyring.digest(_SIGNED, orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hex()
