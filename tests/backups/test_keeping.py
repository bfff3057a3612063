"""How long backups are kept, and what killed makers leave."""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.backups import keeping
from esteio.backups.errors import BackupRefused
from esteio.backups.keeping import Found, over
from esteio.backups.manifest import Manifest
from esteio.backups.parts import Backups
from esteio.base.clock import TurnableClock
from esteio.base.errors import Unavailable
from esteio.files.store import Object, Store
from tests.backups.conftest import NewScene
from tests.cli.command import COMMAND, NOWHERE, surroundings
from tests.house import eventually

SOUND = Manifest.model_construct()
"""Only whether there is one counts here."""


def made(*moments: datetime) -> list[Found]:
    return [Found(f"{moment:%Y%m%dT%H%M%SZ}-{number:06x}", SOUND) for number, moment in enumerate(moments)]


def kept(there: list[Found], *rules: int) -> list[datetime]:
    gone = {item.id for item in over(there, *rules)}
    return sorted(item.made_at for item in there if item.id not in gone)


def test_days_weeks_and_months() -> None:
    """Of hourly backups of a year stay the newest three, the last of 7 days, of 4 weeks and of 6 months."""
    start = datetime(2025, 12, 1, tzinfo=UTC)
    there = made(*(start + timedelta(hours=number) for number in range(24 * 365)))
    random.Random(1).shuffle(there)
    end = datetime(2026, 11, 30, 23, tzinfo=UTC)
    days = [end - timedelta(days=number) for number in range(7)]
    weeks = [end, *(datetime(2026, 11, day, 23, tzinfo=UTC) for day in (29, 22, 15))]
    months = [
        datetime(2026, month, day, 23, tzinfo=UTC)
        for month, day in ((11, 30), (10, 31), (9, 30), (8, 31), (7, 31), (6, 30))
    ]
    newest = [end - timedelta(hours=number) for number in range(3)]
    assert kept(there, 3, 7, 4, 6) == sorted({*days, *weeks, *months, *newest})


@given(
    st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)), min_size=1, max_size=60),
    st.tuples(*[st.integers(0, 5)] * 4),
)
def test_the_newest_always_stays(moments: list[datetime], rules: tuple[int, int, int, int]) -> None:
    """Whatever the rules, the newest stays, what is kept is kept again, and no more stay than the rules have places."""
    there = made(*(moment.replace(tzinfo=UTC) for moment in moments))
    gone = {item.id for item in over(there, *rules)}
    stay = [item for item in there if item.id not in gone]
    assert max(there, key=lambda item: item.id) in stay
    assert over(stay, *rules) == []
    assert len(stay) <= max(1, rules[0]) + sum(rules[1:])


def test_a_damaged_one_is_left_to_people() -> None:
    """A backup whose manifest cannot be believed takes no place of a sound one and is not removed."""
    day = datetime(2026, 11, 22, tzinfo=UTC)
    sound = made(day, day + timedelta(hours=1))
    damaged = Found(f"{day + timedelta(hours=2):%Y%m%dT%H%M%SZ}-abcdef", None, "altered")
    assert over([*sound, damaged], 1, 0, 0, 0) == [sound[0]]


def test_older_ones_are_removed(new_scene: NewScene) -> None:
    """After a backup those that no rule keeps are gone from the store, whole; all rules 0 remove nothing."""
    clock = TurnableClock(datetime(2026, 11, 20, 2, tzinfo=UTC))
    rules = {
        "BACKUP__KEEP_LAST": "1",
        "BACKUP__KEEP_DAILY": "2",
        "BACKUP__KEEP_WEEKLY": "0",
        "BACKUP__KEEP_MONTHLY": "0",
    }
    first = type(scene := new_scene(**rules))(scene.environment, clock)
    names = []
    for hours in (0, 1, 23, 24):
        clock.turn(timedelta(hours=hours).total_seconds())
        made = first.made()
        names.append(made.manifest.id)
    assert made.pruned == 1
    assert first.found() == [names[3], names[2]]
    assert {path.name for path in first.place.iterdir() if any(path.iterdir())} == {names[3], names[2]}
    never = first.with_(BACKUP__KEEP_LAST="0", BACKUP__KEEP_DAILY="0")
    clock.turn(1)
    never.back_up()
    assert len(never.found()) == 3


class Overtaken(Store):
    """The store of one that prunes, whom another overtakes between choosing and removing."""

    def __init__(self, backups: Backups) -> None:
        super().__init__(backups.files.model_copy(update={"url": backups.settings.url}))
        self._other = backups
        self._lists = 0

    async def listed(self) -> AsyncIterator[list[Object]]:
        self._lists += 1
        if self._lists == 2:
            self.others = await keeping.prune(self._other)
        async for some in super().listed():
            yield some


def test_two_prune_at_the_same_time(new_scene: NewScene) -> None:
    """One that another overtakes ends well and tells only of what it has removed itself."""
    first = new_scene(BACKUP__KEEP_LAST="0", BACKUP__KEEP_DAILY="0", BACKUP__KEEP_WEEKLY="0", BACKUP__KEEP_MONTHLY="0")
    old, new = first.back_up(), first.back_up()
    pruning = first.with_(BACKUP__KEEP_LAST="1")
    backups = pruning.backups
    store = Overtaken(pruning.backups)
    object.__setattr__(backups, "store", store)
    assert asyncio.run(keeping.prune(backups)) == []
    assert [item.id for item in store.others] == [old.id]
    assert first.found() == [new.id]


def test_killed_half_way(new_scene: NewScene) -> None:
    """What a maker leaves that was killed is never taken for a backup, holds nobody up, and is swept a day later."""
    first = new_scene()
    blocked = first.kept / first.put_file()
    blocked.unlink()
    os.mkfifo(blocked)  # the file that the maker never gets to the end of
    process = subprocess.Popen(
        [*COMMAND, "backup", "create"], env=surroundings(first.environment), cwd=NOWHERE, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: list(first.place.rglob("database.dump.0001")), 60)
        family = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    psutil.wait_procs(family, timeout=30)
    assert not any(one.is_running() for one in family)
    assert first.found() == []
    with pytest.raises(BackupRefused, match="There is no backup"):
        asyncio.run(keeping.one(first.backups, "latest"))
    left = [path.parent for path in first.place.rglob("database.dump.0001")]
    blocked.unlink()
    blocked.write_bytes(b"")
    first.back_up()
    assert all(folder.exists() and any(folder.iterdir()) for folder in left)
    later = type(first)(first.environment, TurnableClock(datetime.now(UTC) + timedelta(days=1, hours=1)))
    asyncio.run(keeping.sweep(later.backups))
    assert [list(folder.iterdir()) for folder in left if folder.exists()] in ([], [[]])
    assert len(first.found()) == 1
    states = [row["state"] for row in first.sql("SELECT state FROM backups ORDER BY started_at")]
    assert states == ["failed", "made"]


def test_a_full_disk(new_scene: NewScene) -> None:
    """Where there is no room the command fails in clear words, and nothing of the attempt is left."""
    first = new_scene(BACKUP__COMPRESSION="0")
    first.put_file(os.urandom(1_000_000))
    process = subprocess.run(
        ["sh", "-c", 'ulimit -f 800; exec "$@"', "sh", *COMMAND, "backup", "create"],
        env=surroundings(first.environment),
        cwd=NOWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 1
    assert "There is no room left" in process.stderr
    assert "Traceback" not in process.stderr
    assert [path for path in first.place.rglob("*") if path.is_file()] == []
    row = first.sql("SELECT state, error FROM backups")[0]
    assert row["state"] == "failed"


def test_no_folder(new_scene: NewScene, tmp_path: Path) -> None:
    """A place that cannot be reached is said to be unavailable."""
    (tmp_path / "file").write_text("in the way")
    first = new_scene(BACKUP__URL=(tmp_path / "file" / "backups").as_uri())
    with pytest.raises(Unavailable, match="Not a directory"):
        first.back_up()
