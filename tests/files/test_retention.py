"""What is removed from the store, and what is not."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.retention_files import FILE_PURGE, FilePurgeOrder, PurgedFiles
from esteio.worker.assembly import Workshop
from tests.conftest import House
from tests.files.buckets import SERVERS
from tests.files.keeping import kept
from tests.files.s3 import Bucket
from tests.files.shop import in_shop, run_due
from tests.house import Served

DAY = 86_400


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(datetime.now(UTC))


@pytest.fixture
def served(house: House, clock: TurnableClock, tmp_path: Path) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=tmp_path.as_uri()) as running:
        yield running


def purge(served: Served) -> PurgedFiles:
    """Run the purge as the schedule would; what it said."""

    async def run(workshop: Workshop) -> int:
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            await enqueue(session, FILE_PURGE, FilePurgeOrder(), tenant=DEFAULT_TENANT, principal="schedule")
        return await run_due(workshop)

    in_shop(served, run)
    row = served.sql("SELECT outcome, result FROM jobs WHERE name = $1 ORDER BY id DESC LIMIT 1", FILE_PURGE.name)[0]
    assert row["outcome"] == "succeeded"
    return PurgedFiles.model_validate_json(row["result"])


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, name: str, written: datetime) -> str:
    """An object that was written at a time, without a row."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (written.timestamp(), written.timestamp()))
    return name


def test_what_is_due_goes_and_nothing_else(served: Served, clock: TurnableClock, tmp_path: Path) -> None:
    """Expired and deleted files go with their objects, and old objects without a file; everything else stays."""
    kept(served, b"expired", days=1)
    deleted, living = kept(served, b"deleted", days=30), kept(served, b"living", days=30)
    served.sql("UPDATE files SET deleted_at = now() WHERE id = $1", deleted.ref.file_id)
    now = clock.now()
    clock.turn(2 * DAY)
    tenant = str(DEFAULT_TENANT)
    put(tmp_path, f"{tenant}/{new_id()}", now)
    put(tmp_path, f"{tenant}/{uuid4()}#1", now)
    young = put(tmp_path, f"{tenant}/{new_id()}", clock.now())
    growing = put(tmp_path, f"{tenant}/{uuid4()}#1", clock.now())
    strangers = {put(tmp_path, name, now) for name in ("notes.txt", f"{tenant}/readme", f"a/{tenant}/{uuid4()}")}
    assert purge(served) == PurgedFiles(files=2, orphans=1, unfinished=1)
    assert names(tmp_path) == {living.key, young, growing, *strangers}
    assert [row["id"] for row in served.sql("SELECT id FROM files")] == [living.ref.file_id]
    assert purge(served) == PurgedFiles()


def test_cut_off_in_between(served: Served, clock: TurnableClock, tmp_path: Path) -> None:
    """A purge that ended between object and row is ended by the next one."""
    file = kept(served, b"a", days=1)
    clock.turn(2 * DAY)
    (tmp_path / file.key).unlink()
    assert purge(served).files == 1
    assert served.sql("SELECT id FROM files") == []


def test_many(served: Served, clock: TurnableClock, tmp_path: Path) -> None:
    """More files than one portion go in one run."""
    first = kept(served, b"a", days=1)
    served.sql(
        "INSERT INTO files SELECT gen_random_uuid(), tenant_id, name, media_type, size, sha256, key || n, created_by, "
        "created_at, expires_at FROM files, generate_series(1, 250) n WHERE id = $1",
        first.ref.file_id,
    )
    clock.turn(2 * DAY)
    assert purge(served).files == 251
    assert names(tmp_path) == set()


@pytest.fixture(scope="module", params=SERVERS)
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """A bucket of each kind."""
    with SERVERS[request.param]() as running:
        yield running


def test_in_a_bucket(house: House, clock: TurnableClock, bucket: Bucket) -> None:
    """The same holds for files in a bucket, of whatever kind."""
    with house(clock=clock, **bucket.environment) as served:
        kept(served, b"a", days=1)
        living = kept(served, b"b", days=30)
        clock.turn(2 * DAY)
        assert purge(served) == PurgedFiles(files=1)
        assert [key.partition("/")[2] for key in bucket.listed()] == [living.key]
