"""The backup that a schedule asks for: a job of a worker, seen by those who watch."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil

from esteio.backups.carried import BACK_UP, TURN_REST, BackupOrder, backup_schedules
from esteio.backups.ledger import backup_figures
from esteio.backups.moment import TURN
from esteio.backups.settings import BackupSettings
from esteio.db.database import Database
from tests.backups.conftest import NewScene
from tests.backups.scene import Scene, superuser
from tests.cli.command import run
from tests.house import AMPLE, eventually
from tests.worker.processes import all_ended, outcomes, scheduler, worker, write_down

ORDER = [BackupOrder()]


def test_a_worker_makes_it(new_scene: NewScene) -> None:
    """A worker makes the backup that was asked for; its result names it, and the gauges tell of it."""
    first = new_scene()
    first.put_file()
    jobs = write_down(first.environment, BACK_UP, ORDER)  # type: ignore[arg-type]
    with worker(first.environment, services=None), scheduler(first.environment, services=None):
        eventually(all_ended(first.database_url, jobs), 60)
    row = first.sql("SELECT result::text FROM jobs WHERE id = $1", jobs[0])[0]
    assert first.found()[0] in row["result"]
    shown = first.with_database(told)
    assert shown["esteio_backup_last_success_timestamp_seconds"] > datetime.now(UTC).timestamp() - 120
    assert shown["esteio_backup_last_size_bytes"] > 1000
    assert shown["esteio_backup_last_lost_files"] == 0
    assert "esteio_backup_last_failure_timestamp_seconds" not in shown


async def told(database: Database) -> dict[str, float]:
    async with database.connection() as connection:
        return {family.name: family.samples[0][1] for family in await backup_figures(connection)}


def test_one_that_cannot_be_made(new_scene: NewScene) -> None:
    """A backup that is refused ends its job as failed at once, with the words, and the gauges tell of the failure."""
    first = new_scene()
    blind = first.with_(BACKUP__DATABASE_URL=first.database_url)
    jobs = write_down(blind.environment, BACK_UP, ORDER)  # type: ignore[arg-type]
    with worker(blind.environment, services=None), scheduler(blind.environment, services=None):
        eventually(all_ended(first.database_url, jobs, "failed"), 60)
    error = first.sql("SELECT error::text AS error FROM jobs WHERE id = $1", jobs[0])[0]["error"]
    assert "BACKUP_REFUSED" in error
    assert "row-level security" in error
    shown = first.with_database(told)
    assert "esteio_backup_last_failure_timestamp_seconds" in shown
    assert "esteio_backup_last_success_timestamp_seconds" not in shown


def test_it_meets_one_that_is_made_by_hand(new_scene: NewScene) -> None:
    """While another backup is made the scheduled one rests, however often it finds it so; then it is made."""
    first = new_scene()
    jobs = write_down(first.environment, BACK_UP, ORDER)  # type: ignore[arg-type]
    with worker(first.environment, services=None), scheduler(first.environment, services=None):

        async def meet() -> None:
            connection = await asyncpg.connect(superuser(first.database_url), timeout=AMPLE)
            try:
                assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", TURN)
                for _ in range(4):
                    await asyncio.to_thread(eventually, lambda: resting(first), 60)
                    await asyncio.to_thread(hurried, first)
            finally:
                await connection.close()

        asyncio.run(meet())
        eventually(lambda: hurried(first) or all_ended(first.database_url, jobs)(), 60, 0.5)
    assert len(first.found()) == 1
    assert [row["state"] for row in first.sql("SELECT state FROM backups")] == ["made"]


def resting(scene: Scene) -> bool:
    rest = "extract(epoch FROM due_at - now()) AS rest"
    rows = scene.sql(f"SELECT {rest}, attempts FROM job_tickets WHERE state = 'retrying'")
    return any(200 < row["rest"] <= TURN_REST and row["attempts"] == 0 for row in rows)


def hurried(scene: Scene) -> None:
    """Let the rest be over."""
    scene.sql("UPDATE job_tickets SET due_at = now(), published_at = NULL WHERE state = 'retrying'")


def test_cancelled(new_scene: NewScene) -> None:
    """A backup that is cancelled stops, ends its pg_dump, leaves nothing in the place, and says so."""
    first = new_scene()
    jobs = write_down(first.environment, BACK_UP, ORDER)  # type: ignore[arg-type]
    env = first.environment
    with worker(env, services=None) as running, scheduler(env, services=None):

        async def hold() -> None:
            connection = await asyncpg.connect(superuser(first.database_url))
            try:
                async with connection.transaction():
                    await connection.execute("LOCK TABLE pets IN ACCESS EXCLUSIVE MODE")
                    await asyncio.to_thread(eventually, lambda: dumping(running.process.pid), 60)
                    done = await asyncio.to_thread(run, "jobs", "cancel", str(jobs[0]), environment=first.environment)
                    assert done.code == 0, done.said
                    await asyncio.to_thread(eventually, lambda: outcomes(first.database_url, jobs) == ["cancelled"], 60)
                    await asyncio.to_thread(eventually, lambda: not dumping(running.process.pid), 60)
            finally:
                await connection.close()

        asyncio.run(hold())
    assert files_in(first) == []
    assert first.sql("SELECT state FROM backups")[0]["state"] == "failed"


def dumping(pid: int) -> bool:
    family = psutil.Process(pid).children(recursive=True)
    return any("--snapshot" in " ".join(one.cmdline()) for one in family if one.status() != psutil.STATUS_ZOMBIE)


def files_in(scene: Scene) -> list[Path]:
    return [path for path in scene.place.rglob("*") if path.is_file()]


def test_the_schedule() -> None:
    """There is none unless the settings name one; then it is due at those times of that zone."""
    assert backup_schedules(BackupSettings()) == ()
    (schedule,) = backup_schedules(BackupSettings(schedule="30 2 * * *", schedule_zone="America/Sao_Paulo"))
    assert schedule.kind is BACK_UP
    assert schedule.due(datetime(2026, 11, 22, 12, tzinfo=UTC)) == datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
