"""A deployment that is backed up, and empty places into which its backups are restored."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from esteio.backups import keeping
from esteio.backups.making import Progress
from esteio.backups.manifest import NAME, Manifest
from esteio.backups.parts import Backups
from esteio.backups.restoring import Restore, Restored
from esteio.backups.work import Made, back_up
from esteio.base.clock import Clock, SystemClock
from esteio.base.crypto import Keyring
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.database import Database
from esteio.db.revisions import known_revisions
from esteio.files.store import Written
from esteio.migrations.roles import default_privileges, make_role
from esteio.runtime.opening import migration_folders, sections
from esteio.settings import Settings, read_settings
from tests.house import environment, sql

T = TypeVar("T")
TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1
"""


@dataclass(frozen=True)
class Scene:
    """A deployment's environment, with its files and backups in folders of its own."""

    environment: dict[str, str]
    clock: Clock = field(default_factory=SystemClock)

    @property
    def settings(self) -> Settings:
        return read_settings(sections(SHIPPED), environ=self.environment)

    @property
    def database_url(self) -> str:
        return self.environment["ESTEIO_DATABASE__URL"]

    @property
    def place(self) -> Path:
        """The folder of backups."""
        return Path(self.environment["ESTEIO_BACKUP__URL"].removeprefix("file://"))

    @property
    def kept(self) -> Path:
        """The folder of files."""
        return Path(self.environment["ESTEIO_FILES__URL"].removeprefix("file://"))

    def with_(self, **changes: str) -> "Scene":
        return replace(self, environment=self.environment | {f"ESTEIO_{name}": text for name, text in changes.items()})

    @property
    def backups(self) -> Backups:
        settings = self.settings
        return Backups(
            settings=settings.backup,
            database=settings.database,
            files=settings.files,
            keyring=Keyring(settings.secret_key.get_secret_value()),
            clock=self.clock,
        )

    def back_up(self, progress: Progress = lambda done, what: None) -> Manifest:
        return self.with_database(lambda database: back_up(self.backups, database, "test", progress)).manifest

    def made(self) -> Made:
        return self.with_database(lambda database: back_up(self.backups, database, "test"))

    def with_database(self, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        async def working() -> T:
            database = Database(self.settings.database)
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(working())

    def restore(self, name: str = "latest", *, identity: Path | None = None) -> Restored:
        role = self.settings.database.runtime_role
        work = Restore(
            backups=self.backups,
            known=known_revisions(migration_folders(SHIPPED)).known,
            prepare=make_role(role),
            rights=default_privileges(role),
            identity=identity,
        )
        return asyncio.run(work.run(name))

    def found(self) -> list[str]:
        """The ids of what is taken for a backup."""
        return [item.id for item in asyncio.run(keeping.found(self.backups)) if item.manifest is not None]

    def folder(self, manifest: Manifest) -> Path:
        return self.place / manifest.id

    def manifest(self, manifest: Manifest) -> Path:
        return self.folder(manifest) / NAME

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return sql(self.database_url, statement, *values)

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table as text, in an order that does not depend on where it lies on disk."""
        names = [row["name"] for row in self.sql(TABLES)]
        return {name: sorted(row[0] for row in self.sql(f"SELECT (whole.*)::text FROM {name} whole")) for name in names}

    def contents(self) -> dict[str, bytes]:
        """Every file that is kept, by its key."""
        return {
            path.relative_to(self.kept).as_posix(): path.read_bytes()
            for path in sorted(self.kept.rglob("*"))
            if path.is_file()
        }

    def put_file(self, data: bytes | None = None, *, life: timedelta = timedelta(days=7)) -> str:
        """A file with its row, as a job makes one; its key."""
        data = os.urandom(20_000) if data is None else data
        key = f"{DEFAULT_TENANT}/{uuid4()}"
        written = asyncio.run(self._write(key, data))
        now = datetime.now(UTC)
        self.sql(
            "INSERT INTO files (id, tenant_id, name, media_type, size, sha256, key, created_by, created_at, expires_at)"
            " VALUES ($1, $2, 'a file', 'application/octet-stream', $3, $4, $5, 'test', $6, $7)",
            *(uuid4(), DEFAULT_TENANT, written.size, written.sha256, key, now, now + life),
        )
        return key

    async def _write(self, key: str, data: bytes) -> Written:
        async with self.backups.file_store.writing(key) as upload:
            await upload.write(data)
        return upload.written()


def scene(folder: Path, database_url: str, redis_url: str, **changes: str) -> Scene:
    """A deployment with this database and folders below this one; the backups' role is the cluster's superuser."""
    given = {
        "FILES__URL": (folder / "files").as_uri(),
        "BACKUP__URL": (folder / "backups").as_uri(),
        "BACKUP__DATABASE_URL": superuser(database_url),
        **changes,
    }
    return Scene(environment(database_url, redis_url, **given))


def superuser(url: str) -> str:
    return url.replace("//esteio@", "//postgres@")
