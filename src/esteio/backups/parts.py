"""What making, keeping and restoring backups work with."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from esteio.backups.errors import BackupRefused
from esteio.backups.settings import BackupSettings
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.db.settings import DatabaseSettings
from esteio.files.settings import FilesSettings
from esteio.files.store import Store


@dataclass(frozen=True, kw_only=True)
class Backups:
    """The settings that backups are made by, and the two stores: of the files and of the backups."""

    settings: BackupSettings
    database: DatabaseSettings
    files: FilesSettings
    keyring: Keyring
    clock: Clock
    store: Store = field(init=False)
    file_store: Store = field(init=False)

    def __post_init__(self) -> None:
        _refuse_overlap(self.settings.url, self.files.url)
        object.__setattr__(self, "store", Store(_place(self.settings, self.files)))
        object.__setattr__(self, "file_store", Store(self.files))

    @property
    def source(self) -> str:
        """The address at which every row can be read."""
        own = self.settings.database_url
        return own.get_secret_value() if own else self.database.direct

    @property
    def target(self) -> str:
        """The address of the role that owns the tables."""
        return self.database.direct


def _place(settings: BackupSettings, files: FilesSettings) -> FilesSettings:
    own = {
        name: value
        for name in ("s3_endpoint", "s3_region", "s3_access_key_id", "s3_secret_access_key")
        if (value := getattr(settings, name)) is not None
    }
    return FilesSettings.model_validate({**dict(files), **own, "url": settings.url})


def _refuse_overlap(backups: str, files: str) -> None:
    """A backup among the files would be backed up itself, and files among the backups be swept."""
    one, other = urlsplit(backups), urlsplit(files)
    if (one.scheme, one.netloc) != (other.scheme, other.netloc):
        return
    first, second = (PurePosixPath("/" + unquote(place.path).strip("/")) for place in (one, other))
    if first == second or (one.scheme == "file" and (first in second.parents or second in first.parents)):
        raise BackupRefused(
            "ESTEIO_BACKUP__URL and ESTEIO_FILES__URL are the same place, or one lies in the other: "
            "give the backups a folder or a prefix of their own."
        )
