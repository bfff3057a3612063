"""A backup of an older release, in many parts, through the command."""

import asyncio
import os

import asyncpg
import orjson
import redis
from alembic import command
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from esteio.backups.making import Making, new_id
from esteio.backups.manifest import Manifest
from esteio.backups.moment import turn
from esteio.catalog import SHIPPED
from esteio.migrations.runner import config
from esteio.runtime.opening import service_folders
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene
from tests.cli.command import run

PART = 50_000
OLDER, NEWER = "esteio_0012", "esteio_0013"


def back_to(scene: Scene, revision: str) -> None:
    """Take the platform's tables back to this revision, as its release made them."""

    def down(connection: Connection) -> None:
        given = {"connection": connection, "runtime_role": scene.settings.database.runtime_role, "applied": []}
        command.downgrade(config(service_folders(SHIPPED), **given), revision)

    async def go() -> None:
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(scene.database_url), poolclass=NullPool
        )
        async with engine.begin() as connection:
            await connection.run_sync(down)
        await engine.dispose()

    asyncio.run(go())


def in_parts(scene: Scene) -> Manifest:
    """A backup in many small parts, of which no database takes note."""

    async def make() -> Manifest:
        backups = scene.backups
        async with turn(backups) as connection:
            making = Making(backups, new_id(backups.clock.now()), "test", lambda done, what: None, PART)
            return await making.make(connection)

    return asyncio.run(make())


def test_restored_then_migrated(new_scene: NewScene, emptied: Emptied) -> None:
    """A backup of an older release is restored as it was and then migrated; Redis forgets what is the house's alone."""
    first = new_scene()
    files = [first.put_file(os.urandom(size)) for size in (PART - 512, PART, 3 * PART)]
    back_to(first, OLDER)
    assert first.sql("SELECT to_regclass('backups')")[0][0] is None
    manifest = in_parts(first)
    assert all(len(stream.parts) > 1 for name, stream in manifest.streams.items() if name != "file_list")
    second = emptied(first)
    with redis.Redis.from_url(second.environment["ESTEIO_REDIS__URL"]) as client:
        client.mset({"esteio:{-}:trial": "1", "another:house": "1"})
        restored = run("restore", "--json", environment=second.environment)
        assert restored.code == 0, restored.said
        assert client.keys("esteio:*") == []
        assert client.get("another:house") == b"1"
    told = orjson.loads(restored.out)
    assert (told["id"], told["files"]) == (manifest.id, len(files))
    assert NEWER in told["migrations"]
    assert second.contents() == first.contents()
    assert run("migrate", "--check", environment=second.environment).code == 0
    later = "SELECT has_table_privilege('esteio_runtime', 'backups', 'INSERT')"
    assert second.sql(later)[0][0]  # the rights to tables that are made after a restore
