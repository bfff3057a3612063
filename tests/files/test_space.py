"""The room that is left on the disks of files."""

import asyncio
import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import structlog

from esteio.base.clock import TurnableClock
from esteio.files.errors import StorageFull
from esteio.files.settings import FilesSettings
from esteio.files.space import GOOD_FOR, WARN_EVERY, Space
from tests.conftest import House
from tests.contract.problems import problem
from tests.files import photos
from tests.files.gallery import GALLERY, MIB
from tests.files.wire import FORM, PLACE, Connection, form, photo, spools, talking
from tests.house import Served, eventually

HUGE = str(1 << 60)
DISK = 24 * MIB
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A disk in memory. Skips where this account may mount none."""
    place.mkdir()
    if _LIBC.mount(b"tmpfs", str(place).encode(), b"tmpfs", 0, f"size={DISK}".encode()) != 0:
        pytest.skip(f"mounting is not permitted here: {os.strerror(ctypes.get_errno())}")
    try:
        yield place
    finally:
        assert _LIBC.umount2(str(place).encode(), 2) == 0  # also while somebody is in it


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


def space(clock: TurnableClock, **members: object) -> Space:
    return Space(
        FilesSettings.model_validate({"free_warn_bytes": 4 * MIB, "free_refuse_bytes": 2 * MIB} | members), clock
    )


def test_what_is_demanded_counts(disk: Path, tmp_path: Path) -> None:
    """What would leave less than the bound is refused, a byte less is not; on the store's disk and on the other."""

    async def run() -> None:
        for members in ({"temp_dir": str(disk)}, {"url": (disk / "below" / "files").as_uri()}):
            watched = space(TurnableClock(), **members)
            free = min((await watched.free()).values())
            assert free <= DISK
            await watched.demand(free - 2 * MIB)
            with pytest.raises(StorageFull):
                await watched.demand(free - 2 * MIB + 1)

    asyncio.run(run())


def test_a_measurement_is_kept_for_a_second(disk: Path) -> None:
    """The disk is asked at most once a second."""

    async def run() -> None:
        clock = TurnableClock()
        watched = space(clock, temp_dir=str(disk))
        before = (await watched.free())["temp"]
        (disk / "x").write_bytes(bytes(MIB))
        assert (await watched.free())["temp"] == before
        clock.turn(GOOD_FOR)
        assert (await watched.free())["temp"] <= before - MIB

    asyncio.run(run())


def test_the_warning_is_rare(disk: Path) -> None:
    """While room is scarce the log says so once a minute, and anew when it becomes scarce again."""

    async def run() -> list[str]:
        clock = TurnableClock()
        watched = space(clock, temp_dir=str(disk), free_warn_bytes=DISK - MIB)
        with structlog.testing.capture_logs() as lines:
            for written in (0, 2 * MIB, 2 * MIB, 0, 2 * MIB):
                (disk / "x").write_bytes(bytes(written))
                clock.turn(GOOD_FOR)
                await watched.free()
            clock.turn(WARN_EVERY)
            await watched.free()
        return [line["log_level"] for line in lines]

    assert asyncio.run(run()) == ["warning"] * 3


def test_health_tells_and_serves_on(house: House, disk: Path) -> None:
    """Scarce room degrades the part `disk` in words, is a gauge by place, and takes no process out of service."""
    with house(FILES__TEMP_DIR=str(disk), FILES__FREE_WARN_BYTES=HUGE, FILES__FREE_REFUSE_BYTES=str(MIB)) as served:
        report = served.client.get("/api/v2/health?detailed=true").json()["data"]
        assert report["status"] == "ok"
        assert report["parts"]["disk"].startswith("degraded: ")
        assert "24 MiB are free for temp" in report["parts"]["disk"]
        assert "refused" not in report["parts"]["disk"]
        assert served.anonymous.get("/readyz").status_code == 200
        shown = served.client.get("/metrics").text
    assert any(line.startswith('esteio_files_free_bytes{place="temp"') for line in shown.splitlines())


def test_health_with_enough_room(served: Served) -> None:
    """With enough room the part is well."""
    parts = served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
    assert parts["disk"] == "ok" or "MiB are free" in parts["disk"]


def test_an_import_of_pets(house: House, folder: Path) -> None:
    """The import of pets is 507 before its file is read, and health says that uploads are refused."""
    with house(FILES__URL=folder.as_uri(), FILES__FREE_WARN_BYTES=HUGE, FILES__FREE_REFUSE_BYTES=HUGE) as served:
        csv = {"content": b"name,species\nRex,dog\n", "headers": {"content-type": "text/csv"}}
        problem(served.client.post("/api/v2/pets/import", **csv), 507, "INSUFFICIENT_STORAGE")  # type: ignore[arg-type]
        parts = served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
        assert parts["disk"].endswith("uploads are refused")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("full", ["temp", "store", "both"])
def test_a_disk_that_gets_full_under_an_upload(house: House, disk: Path, tmp_path: Path, full: str) -> None:
    """A disk that is full while an upload runs is 507 in the end, nothing stays, and what fits afterwards is taken."""
    temp = disk / "temp" if full in ("temp", "both") else tmp_path / "temp"
    store = disk / "store" if full in ("store", "both") else tmp_path / "store"
    given = {"FILES__URL": store.as_uri(), "FILES__TEMP_DIR": str(temp)}
    with house(services=(GALLERY,), FILES__FREE_WARN_BYTES="0", FILES__FREE_REFUSE_BYTES="0", **given) as served:
        assert sent(served, photos.saved(photos.plain())).status_code == 201
        with begun(served, temp, photos.of_bytes(4 * MIB)) as rest:
            (disk / "ballast").write_bytes(bytes(DISK - MIB - used(disk)))
            rest.finish()
            assert rest.answer() == (507, "INSUFFICIENT_STORAGE")
        (disk / "ballast").unlink()
        eventually(lambda: used(disk) < MIB)
        assert list(temp.iterdir()) == []
        assert sent(served, photos.of_bytes(4 * MIB)).status_code == 201


class Rest:
    """The second half of an upload whose first half is being looked at."""

    def __init__(self, connection: Connection, data: bytes) -> None:
        self._connection = connection
        self._data = data
        self.answer = connection.answer

    def finish(self) -> None:
        with suppress(OSError):  # it may be refused at its first piece
            self._connection.chunks(iter([self._data, b""]))


@contextmanager
def begun(served: Served, temp: Path, data: bytes) -> Iterator[Rest]:
    body = form(photo(data))
    with talking(served, PLACE, {"content-type": FORM, "transfer-encoding": "chunked"}) as connection:
        connection.chunks(iter([body[:100_000]]))
        eventually(lambda: spools(temp) > 0)
        yield Rest(connection, body[100_000:])


def sent(served: Served, data: bytes) -> httpx.Response:
    return served.client.post("/api/v2/gallery", files={"photo": ("a.png", data, "image/png")}, timeout=60)


def used(disk: Path) -> int:
    told = os.statvfs(disk)
    return (told.f_blocks - told.f_bfree) * told.f_frsize
