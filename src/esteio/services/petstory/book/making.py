"""One book: from its content to a PDF file, by a child process that gives its memory back."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from esteio.services.petstory.book.content import BookContent
from esteio.services.petstory.book.data import book_data

_BOOK = "book.pdf"
_WORDS = 2_000
_PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PATH", "TMPDIR", "LD_LIBRARY_PATH")
"""Nothing else of the environment reaches the child: it needs none of the keys that are there."""

_QUIET = {"MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "2"}
"""The compiler takes a thread for each processor, and memory for each thread."""


class BookFailed(Exception):
    """The book was not made, and nothing of it is left. `words` are for the operator."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


async def make_book(content: BookContent, folder: Path, *, within: float) -> Path:
    """Writes the book into `folder`, a private folder that holds its pictures, and returns the file's path.

    `within` is in seconds; a child that needs longer is killed. Raises BookFailed.
    """
    await asyncio.to_thread(_prepare, content, folder)
    try:
        await _compile(folder, within)
    except BaseException:
        (folder / _BOOK).unlink(missing_ok=True)
        raise
    return folder / _BOOK


def _prepare(content: BookContent, folder: Path) -> None:
    """Puts the templates and the data where the child reads them."""
    for picture in {content.cover, *content.stickers, *(art.path for art in content.arts)}:
        if not picture.is_file():
            raise BookFailed(f"the picture {picture.name} is missing")
    try:
        data = book_data(content, folder)
    except ValueError as error:
        raise BookFailed("a picture lies outside the book's folder") from error
    shutil.copytree(Path(__file__).parent / "templates", folder / "templates", dirs_exist_ok=True)
    data["made_at"] = f"{content.made_on.isoformat()}T00:00:00+00:00"
    (folder / "data.json").write_text(json.dumps(data, ensure_ascii=True), encoding="ascii")


async def _compile(folder: Path, within: float) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "esteio.services.petstory.book.compiling", str(folder), _BOOK, str(within)),
        cwd=folder,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _QUIET,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within):
            _, said = await child.communicate()
    except TimeoutError as error:
        raise BookFailed(f"the book was not made within {within:g} s") from error
    finally:
        await _ended(child)
    if child.returncode != 0 or not (folder / _BOOK).is_file():
        words = said.decode("utf-8", "replace").strip()[-_WORDS:]
        raise BookFailed(words or f"the process that makes the book ended with {child.returncode}")


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.kill()
        await child.wait()
