"""The decoding process: bound in number, time and memory, ended with its request, and no crash of the house's."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from PIL import Image

from esteio.base.clock import SystemClock
from esteio.base.crypto import Keyring
from esteio.base.errors import Invalid, Unavailable
from esteio.files.files import Files
from esteio.files.images.order import Order, Verdict
from esteio.files.pictures import PictureBounds, TakenPicture, take_picture
from esteio.files.settings import FilesSettings
from esteio.files.store import PIECE
from tests.files import photos
from tests.files.wire import open_files
from tests.house import eventually

MIB = 1_048_576
TENANT = UUID(int=1)
TAKING = Path(__file__).with_name("taking.py")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Files]]:
    """Makes files with their store and temporary folder; when all is over neither a file nor a process is left."""

    def make(**members: Any) -> Files:
        given = {"url": (tmp_path / "store").as_uri(), "temp_dir": str(tmp_path / "temp"), **members}
        return Files(FilesSettings.model_validate(given), Keyring("a secret of the tests " * 3), SystemClock())

    yield make
    assert decoding() == []
    assert list((tmp_path / "temp").iterdir()) == []


def decoding() -> list[psutil.Process]:
    """The decoding processes of this process."""
    return [child for child in psutil.Process().children() if "esteio.files.images" in child.cmdline()]


async def some(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def take(files: Files, data: bytes, **bounds: int) -> Coroutine[Any, Any, TakenPicture]:
    return take_picture(files, some(data), tenant=TENANT, bounds=PictureBounds(**bounds), field="photo")


async def until(condition: Callable[[], Any]) -> Any:
    """The condition's first true value."""
    return await asyncio.to_thread(eventually, condition, every=0.002)


async def stopped() -> None:
    """The decoder stands still, and ends neither by itself nor by being asked."""
    (child,) = await until(decoding)
    child.suspend()


def objects(tmp_path: Path) -> int:
    return len([path for path in (tmp_path / "store").rglob("*") if path.is_file()])


SLOW = photos.saved(photos.plain(6400, 6200), "WEBP", method=0, quality=50)
"""Takes a second or so."""


def test_so_many_at_once(made: Callable[..., Files], tmp_path: Path) -> None:
    """Of six pictures at once no more than two are being decoded at any time, and all are taken."""
    files, most = made(pictures_at_once=2), 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, len(decoding()))
            await asyncio.sleep(0.01)

    async def run() -> list[TakenPicture]:
        watching = asyncio.ensure_future(watch())
        try:
            return await asyncio.gather(*(take(files, photos.saved(photos.plain(3000, 2000))) for _ in range(6)))
        finally:
            watching.cancel()

    assert len(asyncio.run(run())) == 6
    assert most == 2
    assert objects(tmp_path) == 6


def test_waiting_has_an_end(made: Callable[..., Files], tmp_path: Path) -> None:
    """Who gets no turn in time is told 503 with Retry-After; the one whose turn it is gets done."""
    files = made(pictures_at_once=1, picture_wait=0.1)

    async def run() -> None:
        first = asyncio.ensure_future(take(files, SLOW))
        await until(decoding)
        with pytest.raises(Unavailable) as refused:
            await take(files, photos.saved(photos.plain()))
        assert refused.value.headers["Retry-After"] == "10"
        assert (await first).source == "webp"

    asyncio.run(run())
    assert objects(tmp_path) == 1


def test_too_slow(made: Callable[..., Files], tmp_path: Path) -> None:
    """A picture that takes longer than it may is refused in words, and its process is ended."""
    files = made(picture_seconds=2)

    async def run() -> None:
        taking = asyncio.ensure_future(take(files, SLOW))
        await stopped()
        with pytest.raises(Invalid) as refused:
            async with asyncio.timeout(30):
                await taking
        assert refused.value.errors[0].code == "PICTURE_TOO_COSTLY"
        assert "too long" in refused.value.errors[0].message

    asyncio.run(run())
    assert objects(tmp_path) == 0


def test_a_request_that_ends_takes_its_process_along(made: Callable[..., Files], tmp_path: Path) -> None:
    """A cancelled request leaves no decoder, no file and no object, and gives its place to the next."""
    files = made(pictures_at_once=1)

    async def run() -> None:
        taking = asyncio.ensure_future(take(files, SLOW))
        await stopped()
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(30):
                await taking
        assert decoding() == []
        await take(files, photos.saved(photos.plain()))

    asyncio.run(run())
    assert objects(tmp_path) == 1


@pytest.mark.parametrize(("number", "ours"), [(signal.SIGSEGV, False), (signal.SIGABRT, False), (signal.SIGKILL, True)])
def test_a_decoder_that_dies(made: Callable[..., Files], tmp_path: Path, number: int, ours: bool) -> None:
    """A crash of the decoder refuses the picture in words; an end from outside is a 503. Neither is a 500."""
    files = made()

    async def run() -> None:
        taking = asyncio.ensure_future(take(files, SLOW))
        (child,) = await until(decoding)
        os.kill(child.pid, number)
        with pytest.raises(Unavailable if ours else Invalid) as refused:
            await taking
        assert refused.value.status == (503 if ours else 422)

    asyncio.run(run())
    assert objects(tmp_path) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_too_little_memory(tmp_path: Path, kind: str) -> None:
    """Where a picture needs more memory than its process may have it is refused, whichever decoder meets the end."""
    picture = tmp_path / "picture"
    picture.write_bytes(photos.saved(photos.plain(6400, 6200), kind))
    assert judged(picture, memory=300 * MIB).why in ("heavy", "damaged")
    assert judged(picture, memory=1500 * MIB).why is None


def judged(picture: Path, memory: int) -> Verdict:
    with picture.open("rb") as file, picture.with_suffix(".jpg").open("wb") as into:
        order = Order(40_000_000, 4096, 30.0, memory, into.fileno())
        command = [sys.executable, "-m", "esteio.files.images", order.written()]
        done = subprocess.run(command, stdin=file, stdout=subprocess.PIPE, pass_fds=(into.fileno(),), check=True)
    return Verdict.read(done.stdout)


def test_the_house_keeps_its_secrets(made: Callable[..., Files], monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that decodes a stranger's bytes has none of the house's environment, and no file but its own."""
    monkeypatch.setenv("ESTEIO_SECRET_KEY", "a secret")
    files = made()

    async def run() -> None:
        taking = asyncio.ensure_future(take(files, SLOW))
        (child,) = await until(decoding)
        await until(lambda: child.nice() == 10)
        environment, limits = child.environ(), child.rlimit(psutil.RLIMIT_CORE)
        opened = open_files(child.pid)
        await taking
        assert not {name for name in environment if name.startswith("ESTEIO")}
        assert limits == (0, 0)
        assert len([one for one in opened if "(deleted)" in one]) == 2
        assert not [one for one in opened if "socket" in one]

    asyncio.run(run())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"width": -1, "height": 1, "source": "png", "why": null}',
        b'{"width": 1, "height": true, "source": "png", "why": null}',
        b'{"width": 1, "height": 1, "source": "gif", "why": null}',
        b'{"width": 1, "height": 1, "source": null, "why": null}',
        b'{"width": 1, "height": 1, "source": null, "why": "<script>"}',
        b'{"width": 1, "height": 1, "source": "png", "why": null, "more": 1}',
    ],
)
def test_only_verdicts_are_believed(line: bytes) -> None:
    """What a decoder says that is no verdict is not taken for one, as it may have become somebody else's."""
    with pytest.raises(ValueError):
        Verdict.read(line)
    for verdict in (Verdict(1, 2, "png"), Verdict(why="slow")):
        assert Verdict.read(verdict.written()) == verdict


def test_an_order_survives_its_way() -> None:
    """An order is read as it was written."""
    order = Order(40_000_000, 4096, 30.0, 1 << 30, 9)
    assert Order.read(order.written()) == order


def test_the_house_stays_small_and_awake(tmp_path: Path) -> None:
    """While a picture of 40 million pixels is taken a process grows by less than 150 MB and never stalls for 250 ms."""
    picture = tmp_path / "picture"
    noise = Image.effect_noise((640, 620), 90).convert("RGB").resize((6400, 6200))
    picture.write_bytes(photos.saved(noise, quality=97))
    done = subprocess.run([sys.executable, str(TAKING), str(picture)], stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    print(f"{picture.stat().st_size / MIB:.0f} MiB of 40 million pixels: {told}")
    assert told["size"] == [4096, 3968]
    assert told["grown"] < 150 * MIB
    assert told["stalled"] < 0.25


@pytest.mark.parametrize("source", ["jpeg", "png", "webp", "heic"])
def test_nothing_is_within_reach(source: str) -> None:
    """From before the first byte is decoded, the process opens neither a file nor a socket, whoever it belongs to."""
    code = f"""
import socket
from esteio.files.images.decoding import _shut_in
_shut_in({source!r})
for reach in (lambda: open("/proc/self/environ"), lambda: socket.socket()):
    try:
        reach()
    except OSError as error:
        assert error.errno == 24, error
    else:
        raise SystemExit("within reach")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
