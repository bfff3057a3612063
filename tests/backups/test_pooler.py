"""Where the house goes through PgBouncer, its backups and restores do not."""

import asyncio

from esteio.backups.moment import turn
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene, superuser
from tests.house import unused_port


def behind_a_pooler(scene: Scene, **changes: str) -> Scene:
    """The deployment with a pooler's address, where nobody listens, as its URL."""
    pooler = f"postgresql://esteio@127.0.0.1:{unused_port()}/pooled"
    return scene.with_(
        DATABASE__URL=pooler, DATABASE__DIRECT_URL=scene.database_url, DATABASE__POOLER="transaction", **changes
    )


def test_the_addresses(new_scene: NewScene) -> None:
    """Both are the server's own; the role for backups, where one is given, has an address of its own."""
    first = new_scene()
    own = first.environment["ESTEIO_BACKUP__DATABASE_URL"]
    assert (behind_a_pooler(first).backups.source, behind_a_pooler(first).backups.target) == (own, first.database_url)
    plain = Scene({name: text for name, text in first.environment.items() if name != "ESTEIO_BACKUP__DATABASE_URL"})
    assert plain.backups.source == plain.backups.target == first.database_url
    pooled = behind_a_pooler(plain).backups
    assert pooled.source == pooled.target == first.database_url


def test_past_the_pooler(new_scene: NewScene, emptied: Emptied) -> None:
    """A backup's turn is taken and a restore made at the server itself; nobody answers at the pooler's address."""
    first = new_scene()
    first.put_file()
    first.back_up()
    plain = {name: text for name, text in first.environment.items() if name != "ESTEIO_BACKUP__DATABASE_URL"}
    seeing = Scene(plain | {"ESTEIO_DATABASE__URL": superuser(first.database_url)})

    async def taken() -> bool:
        async with turn(behind_a_pooler(seeing).backups) as connection:
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            return bool(await connection.fetchval(held))

    assert asyncio.run(taken())
    second = emptied(first)
    behind_a_pooler(second).restore()
    assert second.contents() == first.contents()
    assert len(second.rows()["public.files"]) == 1
