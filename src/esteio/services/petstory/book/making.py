"""One book: from its content to a PDF file, by a child process that gives its memory back."""

import asyncio
import json
import shutil
from pathlib import Path

from esteio.confined.children import NoProcess, child
from esteio.services.petstory.book.content import BookContent
from esteio.services.petstory.book.data import book_data

_BOOK = "book.pdf"
_WORDS = 2_000
_CHILD = "esteio.services.petstory.book.compiling"
_NOTHING = asyncio.subprocess.DEVNULL

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
    order = (str(folder), _BOOK, str(within))
    said, pipe = b"", asyncio.subprocess.PIPE
    try:
        async with child(_CHILD, *order, stdout=_NOTHING, stderr=pipe, folder=folder, more=_QUIET) as process:
            async with asyncio.timeout(within):
                _, said = await process.communicate()
    except NoProcess as error:
        raise BookFailed(f"no process for the book: {error}") from error
    except TimeoutError as error:
        raise BookFailed(f"the book was not made within {within:g} s") from error
    if process.returncode != 0 or not (folder / _BOOK).is_file():
        words = said.decode("utf-8", "replace").strip()[-_WORDS:]
        raise BookFailed(words or f"the process that makes the book ended with {process.returncode}")
