"""The object store: a folder, and servers that speak S3, Google's and Azure's way, keep the same promises."""

import asyncio
import hashlib
import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from esteio.base.errors import NotFound, Unavailable
from esteio.files.errors import StorageFull
from esteio.files.settings import FilesSettings
from esteio.files.store import PART, Store
from tests.files.buckets import SERVERS
from tests.files.s3 import PREFIX, Bucket, Line, full_server, line_to

MIB = 1_048_576
LARGE = 2 * PART + 3 * MIB


@dataclass
class Place:
    """A store, and what lies in it as somebody sees who does not go through it."""

    settings: FilesSettings
    folder: Path | None = None
    bucket: Bucket | None = None

    @property
    def store(self) -> Store:
        return Store(self.settings)

    def names(self) -> list[str]:
        """Everything that is there, unfinished uploads too."""
        if self.folder is not None:
            return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        assert self.bucket is not None
        keys = [key.removeprefix(f"{PREFIX}/") for key in self.bucket.listed()]
        return sorted(keys) + ["unfinished"] * self.bucket.unfinished()


@pytest.fixture(scope="module", params=SERVERS)
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """A bucket of each kind."""
    with SERVERS[request.param]() as running:
        yield running


@pytest.fixture(scope="module", params=["folder", *SERVERS])
def opened(request: pytest.FixtureRequest) -> Iterator[Bucket | None]:
    """A bucket of each kind, and none."""
    if request.param == "folder":
        yield None
        return
    with SERVERS[request.param]() as running:
        yield running


@pytest.fixture
def place(opened: Bucket | None, tmp_path: Path) -> Place:
    """A store of each kind, empty."""
    if opened is None:
        return Place(FilesSettings(url=(tmp_path / "a folder").as_uri()), folder=tmp_path)
    place = Place(opened.settings, bucket=opened)
    asyncio.run(_empty(place.store))
    return place


async def _empty(store: Store) -> None:
    async for portion in store.listed():
        for item in portion:
            await store.delete(item.key)


def content(size: int) -> bytes:
    return hashlib.shake_128(b"content").digest(size)


async def put(store: Store, key: str, data: bytes, piece: int = 100_000) -> None:
    async with store.writing(key) as upload:
        for start in range(0, len(data), piece):
            await upload.write(data[start : start + piece])


async def got(store: Store, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, end)])


@pytest.mark.parametrize("size", [0, 1, 1000, LARGE])
def test_what_is_written_is_read(place: Place, size: int) -> None:
    """An object of any size comes back as it was written, with its size and SHA-256."""
    data = content(size)

    async def run() -> None:
        store = place.store
        async with store.writing("t/one") as upload:
            for start in range(0, size, 70_001):
                await upload.write(data[start : start + 70_001])
        assert (upload.written().size, upload.written().sha256) == (size, hashlib.sha256(data).hexdigest())
        assert await got(store, "t/one") == data

    asyncio.run(run())


def test_spans(place: Place) -> None:
    """Any span of an object can be read without the rest."""
    data = content(700_000)

    async def run() -> None:
        store = place.store
        await put(store, "t/spans", data)
        for start, end in ((0, 1), (699_999, 700_000), (1, 300_001), (299_999, 700_000), (5, None)):
            assert await got(store, "t/spans", start, end) == data[start:end], (start, end)

    asyncio.run(run())


def test_nothing_is_seen_before_the_end(place: Place) -> None:
    """An object that is being written is neither found nor listed, however much of it is there."""

    async def run() -> None:
        store = place.store
        async with store.writing("t/growing") as upload:
            for _ in range(LARGE // MIB):
                await upload.write(content(MIB))
            with pytest.raises(NotFound):
                await got(store, "t/growing")
            assert [item.key async for portion in store.listed() for item in portion] == []
        assert [item.key async for portion in store.listed() for item in portion] == ["t/growing"]

    asyncio.run(run())


@pytest.mark.parametrize("size", [1000, LARGE])
def test_an_error_leaves_nothing(place: Place, size: int) -> None:
    """When the block fails, nothing stays in the store, neither object nor part."""

    async def run() -> None:
        async with place.store.writing("t/failing") as upload:
            for start in range(0, size, MIB):
                await upload.write(content(min(MIB, size - start)))
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        asyncio.run(run())
    assert place.names() == []


def test_a_cancellation_leaves_nothing(place: Place) -> None:
    """A writer that is cancelled in the middle leaves nothing behind, and stays cancelled."""

    async def write(store: Store, begun: asyncio.Event) -> None:
        async with store.writing("t/cancelled") as upload:
            for number in range(1000):
                await upload.write(content(MIB))
                if number == LARGE // MIB:
                    begun.set()
                await asyncio.sleep(0.001)

    async def run() -> None:
        begun = asyncio.Event()
        writing = asyncio.create_task(write(place.store, begun))
        await begun.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    asyncio.run(run())
    assert place.names() == []


@pytest.mark.parametrize("count", [PART + MIB, 2 * PART], ids=["while it closes", "in a part"])
def test_a_cancellation_while_the_server_is_slow(bucket: Bucket, count: int) -> None:
    """A writer that is cancelled while the store takes its time leaves neither object nor parts, wherever it stands."""
    before = (bucket.listed(), bucket.unfinished())

    async def run(there: Bucket, line: Line) -> None:
        line.hold_after(PART - MIB)
        writing = asyncio.create_task(put(Store(there.settings), "t/slow", content(count)))
        async with asyncio.timeout(30):
            while not line.holding:  # noqa: ASYNC110 - the line is another thread's
                await asyncio.sleep(0.02)
        writing.cancel()
        await asyncio.sleep(0.1)
        line.release()
        with pytest.raises(asyncio.CancelledError):
            await writing

    with line_to(bucket) as (there, line):
        asyncio.run(run(there, line))
    assert (bucket.listed(), bucket.unfinished()) == before


def test_deleting(place: Place) -> None:
    """What was deleted is not found any more, and deleting it again is no error."""

    async def run() -> None:
        store = place.store
        await put(store, "t/gone", b"x")
        await store.delete("t/gone")
        await store.delete("t/gone")
        with pytest.raises(NotFound):
            await got(store, "t/gone")

    asyncio.run(run())


def test_listing(place: Place) -> None:
    """Every object is listed once, with its size and about when it was written, however many pages the server makes."""
    sizes = {f"t/{number} & more": number for number in range(8)}

    async def run() -> list[tuple[str, int, float]]:
        store = place.store
        for key, size in sizes.items():
            await put(store, key, content(size))
        return [
            (item.key, item.size, item.modified.timestamp()) async for portion in store.listed() for item in portion
        ]

    found = asyncio.run(run())
    assert sorted((key, size) for key, size, _ in found) == sorted(sizes.items())
    assert all(abs(modified - time.time()) < 60 for _, _, modified in found)


def test_a_store_that_is_down(bucket: Bucket) -> None:
    """Without the server every operation is `Unavailable` in bounded time, and works again with it."""

    async def run(store: Store) -> None:
        for ask in (lambda: put(store, "t/x", content(PART + 1)), lambda: got(store, "t/x"), lambda: store.delete("t")):
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await ask()
            assert time.monotonic() - began < 3 * (store_patience(bucket) + 1)

    with line_to(bucket) as (there, line):
        line.cut()
        asyncio.run(run(Store(there.settings)))
        line.mend()
        asyncio.run(put(Store(there.settings), "t/x", b"x"))


def store_patience(bucket: Bucket) -> float:
    return bucket.settings.request_timeout + bucket.settings.retry_seconds


def test_a_store_that_goes_down_in_the_middle(bucket: Bucket) -> None:
    """An upload whose server goes away after the first part is `Unavailable`, and no object of it is ever seen."""
    with line_to(bucket) as (there, line):
        line.cut_after(PART + MIB)
        with pytest.raises(Unavailable):
            asyncio.run(put(Store(there.settings), "t/torn", content(LARGE)))
    assert not any(key.endswith("t/torn") for key in bucket.listed())


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A folder that cannot be made is `Unavailable`: the reason is for the log, not for the caller."""
    (tmp_path / "file").write_bytes(b"")
    store = Store(FilesSettings(url=(tmp_path / "file" / "below").as_uri()))
    with pytest.raises(Unavailable) as refused:
        asyncio.run(put(store, "t/x", b"x"))
    assert str(tmp_path) not in refused.value.detail
    assert str(tmp_path) in (refused.value.operator or "")


def test_a_full_server() -> None:
    """A server without room is `StorageFull`, in words that do not blame the caller."""
    with full_server() as bucket, pytest.raises(StorageFull) as refused:
        asyncio.run(put(Store(bucket.settings), "t/x", content(PART + 1)))
    assert refused.value.status == 507
    assert "no room" in refused.value.detail


@pytest.mark.parametrize("size", [3 * MIB, LARGE])
def test_a_full_disk(tmp_path: Path, size: int) -> None:
    """When the system has no room for a file it is `StorageFull`, and nothing of the file stays."""
    store = Store(FilesSettings(url=tmp_path.as_uri()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        with pytest.raises(StorageFull):
            asyncio.run(put(store, "t/full", content(size)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A file of 400 MB is written and read with a few parts of it in memory."""
    store = Store(FilesSettings(url=tmp_path.as_uri()))
    piece = content(MIB)

    async def run() -> int:
        await put(store, "t/warm", piece)
        before = resident()
        highest = before
        async with store.writing("t/large") as upload:
            for _ in range(400):
                await upload.write(piece)
                highest = max(highest, resident())
        async for _ in store.read("t/large"):
            highest = max(highest, resident())
        return highest - before

    grown = asyncio.run(run())
    print(f"400 MB through the store: {grown / MIB:.0f} MiB over idle")
    assert grown < 100 * MIB


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("end", "stays"), [(None, True), (ValueError("no"), False), (Unavailable(), True), (asyncio.CancelledError(), True)]
)
def test_what_comes_to_nothing_is_taken_back(tmp_path: Path, end: BaseException | None, stays: bool) -> None:
    """An object goes when the block that gives it a row fails; not where it may have been committed."""
    store = Store(FilesSettings(url=tmp_path.as_uri()))

    async def run() -> None:
        async with store.writing("t/x") as upload:
            await upload.write(b"x")
        async with store.kept_if_well(upload.written()):
            if end is not None:
                raise end

    with suppress(ValueError, Unavailable, asyncio.CancelledError):
        asyncio.run(run())
    assert (tmp_path / "t" / "x").exists() == stays
