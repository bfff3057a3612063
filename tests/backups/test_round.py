"""A backup under writing, and what comes back of it on a machine that has nothing."""

import asyncio
import threading
from contextlib import suppress
from datetime import timedelta

import asyncpg
import httpx
import pytest

from esteio.backups.errors import BackupFailed
from esteio.backups.manifest import Manifest
from esteio.backups.restoring import compare
from esteio.base.principal import DEFAULT_TENANT
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene, superuser
from tests.conftest import House
from tests.house import NO_TLS, Served, eventually

SOME = 5


def test_every_row_and_every_file_comes_back(new_scene: NewScene, emptied: Emptied, house: House) -> None:
    """Restored into a new cluster, every table has the rows it had and every file its bytes."""
    first = new_scene()
    with house(database_url=first.database_url, redis_url=first.environment["ESTEIO_REDIS__URL"]) as served:
        for number in range(SOME):
            served.pet(name=f"pet {number}")
        served.key("pets:write")
    for size in (0, 1, 511, 512, 513, 300_000):
        first.put_file(bytes(size))
    key = first.put_file()
    manifest = first.back_up()
    before, files = first.rows(), first.contents()
    second = emptied(first)
    restored = second.restore()
    after = second.rows()
    # Noted in the first database only after the moment that the backup holds.
    assert before.pop("public.backups") != after.pop("public.backups")
    assert after == before
    assert len(before["public.pets"]) == SOME
    assert second.contents() == files
    assert files[key]
    assert (restored.id, restored.files, restored.tables) == (manifest.id, 7, len(before) + 1)


def test_under_writing_it_is_one_moment(new_scene: NewScene, emptied: Emptied, house: House) -> None:
    """Each writer's rows come back up to one of its own and none after, each with the fact told in its transaction."""
    first = new_scene()
    shared = first.environment["ESTEIO_REDIS__URL"]
    with house(database_url=first.database_url, redis_url=shared) as served, Writers(served) as written:
        eventually(lambda: all(count > SOME for count in written.values()))
        before = dict(written)
        manifest = first.back_up()
        after = dict(written)
        eventually(lambda: all(written[name] > after[name] for name in written))
    second = emptied(first)
    second.restore(manifest.id)
    came = [row["name"].split() for row in second.sql("SELECT name FROM pets ORDER BY created_at")]
    for name in written:
        numbers = sorted(int(number) for who, number in came if who == name)
        assert numbers == list(range(1, len(numbers) + 1))
        assert before[name] <= len(numbers) <= after[name] + 1
    lonely = "SELECT id FROM pets p WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.subject LIKE '%' || p.id::text)"
    assert second.sql(lonely) == []
    facts = second.sql("SELECT count(*) FROM outbox WHERE name = 'pet.created'")[0][0]
    assert facts == len(came)
    same = "SELECT (p.*)::text FROM pets p WHERE id = ANY ($1::uuid[]) ORDER BY id"
    ids = [row["id"] for row in second.sql("SELECT id FROM pets")]
    assert second.sql(same, ids) == first.sql(same, ids)


class Writers:
    """Callers who register pets one after the other, each numbering its own; how many each had acknowledged."""

    def __init__(self, served: Served, names: tuple[str, ...] = ("ann", "bob", "cyd")) -> None:
        self._served = served
        self._over = threading.Event()
        self.written = dict.fromkeys(names, 0)
        self._threads = [threading.Thread(target=self._write, args=(name,)) for name in names]

    def __enter__(self) -> dict[str, int]:
        for thread in self._threads:
            thread.start()
        return self.written

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _write(self, name: str) -> None:
        with httpx.Client(
            base_url=self._served.url, headers=self._served.client.headers, timeout=30, verify=NO_TLS
        ) as client:
            while not self._over.is_set():
                body = {"name": f"{name} {self.written[name] + 1}", "species": "dog"}
                if client.post("/api/v2/pets", json=body).status_code == 201:
                    self.written[name] += 1


def test_the_restored_house_serves_and_keeps_tenants_apart(new_scene: NewScene, emptied: Emptied, house: House) -> None:
    """A house on the restored database is ready, knows its keys, and each tenant sees its own rows only."""
    first = new_scene()
    with house(database_url=first.database_url, redis_url=first.environment["ESTEIO_REDIS__URL"]) as served:
        served.pet(name="Rex")
        answer = served.client.post("/api/v2/tenants", json={"slug": "other", "name": "Other"})
        assert answer.status_code == 201, answer.text
        other = answer.json()["data"]["id"]
        key = served.key("pets:write")
    first.back_up()
    second = emptied(first)
    second.restore()
    with house(database_url=second.database_url, redis_url=second.environment["ESTEIO_REDIS__URL"]) as served:
        assert served.anonymous.get("/readyz").status_code == 200
        with served.with_key(key) as client:
            assert [pet["name"] for pet in client.get("/api/v2/pets").json()["data"]] == ["Rex"]
            assert client.post("/api/v2/pets", json={"name": "New", "species": "cat"}).status_code == 201
        assert counted(served, DEFAULT_TENANT) == 2
        assert counted(served, other) == 0
        assert counted(served, None) == 0
    forced = "SELECT relname FROM pg_class WHERE relforcerowsecurity ORDER BY 1"
    assert second.sql(forced) == first.sql(forced)
    granted = (
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'esteio_runtime' "
        "ORDER BY 1, 2"
    )
    assert second.sql(granted) == first.sql(granted)


def counted(served: Served, tenant: object) -> int:
    """How many pets the API's role sees as this tenant."""

    async def ask() -> int:
        async with served.app.resources.database.connection() as connection, connection.transaction():
            if tenant is not None:
                await connection.execute("SELECT set_config('esteio.tenant', $1, true)", str(tenant))
            return int(await connection.fetchval("SELECT count(*) FROM pets"))

    return served.run(ask)


def test_a_file_that_is_over_is_not_missed(new_scene: NewScene, emptied: Emptied) -> None:
    """Files whose time is over are not taken along; one that was lost is told, and its row then says gone."""
    first = new_scene()
    first.put_file(life=timedelta(days=-1))
    lost, altered, kept = (first.put_file() for _ in range(3))
    (first.kept / lost).unlink()
    (first.kept / altered).write_bytes(b"x" * 20_000)
    manifest = first.back_up()
    assert {(one.key, one.why) for one in manifest.lost} == {(lost, "missing"), (altered, "altered")}
    assert manifest.file_count == 1
    second = emptied(first)
    restored = second.restore()
    assert restored.gone == 2
    assert list(second.contents()) == [kept]
    live = "SELECT key FROM files WHERE deleted_at IS NULL AND expires_at > now()"
    assert [row["key"] for row in second.sql(live)] == [kept]


def test_a_file_removed_meanwhile_is_no_loss(new_scene: NewScene) -> None:
    """A file that is revoked and purged while the backup runs is noted as over, not as lost."""
    first = new_scene()
    key = first.put_file()
    done = threading.Event()

    def purge(_: int, what: str) -> None:
        if not done.is_set():
            done.set()
            thread = threading.Thread(
                target=first.sql, args=("UPDATE files SET deleted_at = now() WHERE key = $1", key)
            )
            thread.start()
            thread.join()
            with suppress(FileNotFoundError):
                (first.kept / key).unlink()

    manifest = first.back_up(purge)
    assert [(one.key, one.why) for one in manifest.lost] == [(key, "over")]


ALTERATIONS = {
    "a row changed": "UPDATE plans SET description = 'other'",
    "a row more": "INSERT INTO plans (name, limit_text) VALUES ('more', '1/second')",
    "a row less": "DELETE FROM plans",
    "a table more": "CREATE TABLE stranger (id int)",
    "a table less": "DROP TABLE backups",
    "a sequence behind": "ALTER TABLE audit_log ALTER COLUMN position RESTART WITH 1",
}


@pytest.fixture(scope="module")
def restored(new_scene: NewScene, emptied: Emptied) -> tuple[Scene, Manifest]:
    """A restored database with an entry in the audit log and a plan, and what it was restored from."""
    first = new_scene()
    first.sql("INSERT INTO plans (name, limit_text) VALUES ('trial', '1/second')")
    first.sql(
        "INSERT INTO audit_log (id, at, actor, action, subject, outcome, details, tenant_id) "
        "VALUES (gen_random_uuid(), now(), 'test', 'tried', 'something', 'done', '{}', $1)",
        DEFAULT_TENANT,
    )
    manifest = first.back_up()
    second = emptied(first)
    second.restore()
    return second, manifest


@pytest.mark.parametrize("alteration", list(ALTERATIONS))
def test_the_comparison_finds_it(restored: tuple[Scene, Manifest], alteration: str) -> None:
    """A table, a row or a sequence that is not as it was backed up fails the comparison at the end of a restore."""
    second, manifest = restored

    async def altered(statement: str) -> None:
        connection = await asyncpg.connect(superuser(second.database_url))
        try:
            change = connection.transaction()
            await change.start()
            await connection.execute(statement)
            try:
                await compare(connection, manifest)
            finally:
                await change.rollback()
        finally:
            await connection.close()

    asyncio.run(altered("SELECT 1"))
    with pytest.raises(BackupFailed, match="not what was backed up"):
        asyncio.run(altered(ALTERATIONS[alteration]))
