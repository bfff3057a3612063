"""A book that cannot be made says so, in time, and leaves nothing that looks like a book."""

import asyncio
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from esteio.services.petstory.book.making import BookFailed, make_book
from tests.house import AMPLE, eventually
from tests.petstory.books import content, made, picture


def books(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".pdf" in path.name]


def children() -> list[psutil.Process]:
    """The processes of this one that make books."""
    return [child for child in psutil.Process().children() if "book.compiling" in " ".join(child.cmdline())]


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    """The operator reads which picture is not there."""
    book = content(tmp_path, 2)
    book.arts[1].path.unlink()

    with pytest.raises(BookFailed, match=r"the picture 2\.jpg is missing"):
        made(book)
    assert books(tmp_path) == []


def test_a_picture_outside_the_folder_is_refused(tmp_path: Path) -> None:
    """A book reads nothing but what was put into its folder."""
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(picture(7))
    book = replace(content(tmp_path / "book", 1), stickers=(elsewhere,))

    with pytest.raises(BookFailed, match="outside"):
        made(book)
    assert books(tmp_path / "book") == []


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", picture(1)[:300]])
def test_what_is_no_picture_makes_no_book(data: bytes, tmp_path: Path) -> None:
    """A broken picture ends the book with the compiler's words and no half of it."""
    book = content(tmp_path, 1)
    book.arts[0].path.write_bytes(data)

    with pytest.raises(BookFailed, match="Typst"):
        made(book)
    assert books(tmp_path) == []


def test_a_book_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The child is gone with the time that it was given."""
    with pytest.raises(BookFailed, match="not made within"):
        made(content(tmp_path, 1), within=0.01)
    assert books(tmp_path) == []
    assert children() == []


def test_a_killed_child_is_a_failed_book(tmp_path: Path) -> None:
    """When the system takes the child away, for its memory or anything else, the caller hears of it."""

    async def killed() -> None:
        making = asyncio.create_task(make_book(content(tmp_path, 3), tmp_path, within=60))
        while not (found := await asyncio.to_thread(children)):
            assert not making.done()
        found[0].send_signal(signal.SIGKILL)
        await making

    with pytest.raises(BookFailed, match="ended with -9"):
        asyncio.run(killed())
    assert books(tmp_path) == []


def test_a_caller_that_gives_up_leaves_no_child(tmp_path: Path) -> None:
    """A worker that is told to stop does not leave its compiler behind."""

    async def given_up() -> None:
        making = asyncio.create_task(make_book(content(tmp_path, 3), tmp_path, within=60))
        while not (found := await asyncio.to_thread(children)):
            assert not making.done()
        # A child that stands still ends only when it is killed.
        found[0].suspend()
        try:
            making.cancel()
            await asyncio.wait([making], timeout=AMPLE)
            assert making.cancelled()
        finally:
            with suppress(psutil.NoSuchProcess):
                found[0].kill()

    asyncio.run(given_up())
    assert children() == []
    assert books(tmp_path) == []


def test_a_failed_book_can_be_made_again(tmp_path: Path) -> None:
    """What one try left in the folder does not disturb the next."""
    book = content(tmp_path, 1)
    with pytest.raises(BookFailed):
        made(book, within=0.01)

    assert made(book).read_bytes().startswith(b"%PDF-")


def test_the_child_sees_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the operator's settings are in the environment of the process that reads the pictures."""
    monkeypatch.setenv("ESTEIO_PETSTORY__GEMINI_API_KEY", "secret")
    seen: dict[str, str] = {}

    async def looked_at() -> None:
        making = asyncio.create_task(make_book(content(tmp_path, 3), tmp_path, within=60))
        while not (found := await asyncio.to_thread(children)):
            assert not making.done()
        seen.update(found[0].environ())
        await making

    asyncio.run(looked_at())
    assert seen
    assert not [name for name in seen if name.startswith("ESTEIO")]


def test_the_child_bounds_itself() -> None:
    """Memory, processor time, file sizes and life have limits before anything is loaded."""
    source = (
        "import resource, signal; from esteio.services.petstory.book.compiling import bound; bound(2.5);"
        "print(*(resource.getrlimit(n)[0] for n in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)));"
        "print(signal.alarm(0)); import sys; print('typst' in sys.modules, 'pydantic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.split()

    assert all(int(limit) > 0 for limit in said[:3]), "-1 is no limit"
    assert int(said[3]) == 8
    assert said[4:] == ["False", "False"]


def test_an_orphaned_child_ends_by_itself(tmp_path: Path) -> None:
    """A child whose parent was killed does not run on for ever."""
    source = (
        "import time, os; from esteio.services.petstory.book import compiling; compiling._GRACE = 1;"
        "compiling.bound(0.1); print(os.getpid(), flush=True); time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert int(child.stdout.readline()) == child.pid
        eventually(lambda: child.poll() is not None)
        assert child.returncode == -signal.SIGALRM
    finally:
        child.kill()
        child.communicate()
