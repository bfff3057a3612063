"""The book: its pictures fetched one after the other, set by a child process, kept."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.files.records import new_key, reference
from esteio.files.spools import temporary_folder
from esteio.files.store import PIECE, Written
from esteio.files.tables import StoredFile
from esteio.jobs.errors import Later, LeaseLost
from esteio.jobs.run import Run
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.book.content import BookContent, Picture
from esteio.services.petstory.book.making import BookFailed, make_book
from esteio.services.petstory.book.pictures import fitted, share
from esteio.services.petstory.jobs.acting import actor_of, last_try, section_of
from esteio.services.petstory.jobs.produce import asked
from esteio.services.petstory.models import Art, Order
from esteio.services.petstory.schemas import Language, Style
from esteio.services.petstory.states import BOOK_FAILED
from esteio.services.petstory.story.asked import Story
from esteio.services.petstory.story.template import templated
from esteio.services.petstory.tasks import OrderRef
from esteio.services.petstory.use_cases import producing
from esteio.telemetry.logs import log

FOLDER = "esteio-book-"
"""How the working folders begin. One that a killed process left is swept away by the next book made on its machine, or
by the next look after orders."""

LEFT = 3600.0
"""Seconds after which a working folder is nobody's: no book takes so long."""

WITHIN = 300.0
TRIES = 3
COVERS: tuple[Style, ...] = ("watercolour", "cartoon", "line")
"""Which style is the first choice for the cover."""


class PicturesLost(Exception):
    """The objects of these arts are not there any more."""

    def __init__(self, arts: Sequence[UUID]) -> None:
        super().__init__(f"{len(arts)} pictures are lost")
        self.arts = arts


async def write_book(run: Run, ref: OrderRef) -> None:
    """The order's book, kept and mailed. Does nothing where no book is to be made of the order now."""
    async with run.transaction() as session:
        found = await producing.drawn_pictures(session, ref.order)
        keys = {} if found is None else await _keys(session, found[1])
    if found is None:
        await _end(run, ref)
        return
    order, arts, photos = found
    try:
        with _workplace(await asyncio.to_thread(swept_folder, run)) as place:
            folder = Path(place)
            content = await _content(run, folder, order, arts, keys, len(photos))
            made = await make_book(content, folder, within=WITHIN)
            written = await _kept(run, made)
    except PicturesLost as error:
        async with run.completion() as session:
            await producing.lost(session, ref.order, error.arts, actor=actor_of(run))
        return
    except BookFailed as error:
        log("esteio.petstory").error("petstory.book_failed", order=str(ref.order), cause=error.words)
        if run.attempt < TRIES and not last_try(run):
            raise
        async with run.completion() as session:
            await producing.failed(session, ref.order, BOOK_FAILED, actor=actor_of(run))
        return
    await _conclude(run, order, written)


async def _end(run: Run, ref: OrderRef) -> None:
    """While the order is held, so that who asks for its book next finds no job that has looked already."""
    async with run.completion() as session:
        if await producing.drawn_pictures(session, ref.order) is not None:
            raise Later(0.0)


async def _conclude(run: Run, order: Order, written: Written) -> None:
    file = reference(
        written,
        name=f"{order.pet_name}.pdf",
        media_type="application/pdf",
        now=run.clock.now(),
        days=section_of(run).books_days,
    )
    try:
        async with run.completion() as session:
            wanted = await producing.produced(session, order.id, file, written, actor=actor_of(run))
    except LeaseLost:
        await run.resources.files.store.delete(written.key)
        raise
    if not wanted:
        await run.resources.files.store.delete(written.key)


async def _content(
    run: Run, folder: Path, order: Order, arts: Sequence[Art], keys: dict[UUID, str], photos: int
) -> BookContent:
    """The pictures as files of the folder, each read and made fit for print by itself."""
    within = share(len(arts))
    paths, lost = [], []
    for place, art in enumerate(arts):
        path = folder / f"art-{place}.jpg"
        if art.id in keys and await _fetched(run, path, keys[art.id], within):
            paths.append(path)
        else:
            lost.append(art.id)
    if lost:
        raise PicturesLost(lost)
    tale = _story(order, photos, len(arts))
    language: Language = order.language  # type: ignore[assignment]
    pictures = tuple(
        Picture(path, art.style, text)  # type: ignore[arg-type]
        for path, art, text in zip(paths, arts, tale.page_texts, strict=True)
    )
    return BookContent(
        pet_name=order.pet_name,
        species=order.species,
        breed=order.breed,
        born=order.born,
        owner_words=order.words,
        story=tale,
        language=language,
        cover=_cover(arts, paths),
        arts=pictures,
        stickers=_stickers(arts, paths),
        tribute_url=_tribute(run, order),
        made_on=(order.paid_at or run.clock.now()).date(),
        order_number=str(order.id)[-8:].upper(),
    )


def _story(order: Order, photos: int, pictures: int) -> Story:
    """The story that was told; where it has not a text for each picture, the house's own fills up."""
    own = templated(asked(order, photos))
    told = order.story or {}
    texts = (*told.get("page_texts", ())[:pictures], *own.page_texts[len(told.get("page_texts", ())) : pictures])
    if not told:
        return own
    return Story(title=told["title"], paragraphs=tuple(told["paragraphs"]), page_texts=texts)


def _cover(arts: Sequence[Art], paths: Sequence[Path]) -> Path:
    best = min(range(len(arts)), key=lambda place: (COVERS.index(arts[place].style), place))
    return paths[best]


def _stickers(arts: Sequence[Art], paths: Sequence[Path]) -> tuple[Path, ...]:
    """Those in colour, where there are any."""
    coloured = tuple(path for art, path in zip(arts, paths, strict=True) if art.style != "line")
    return coloured or tuple(paths)


def _tribute(run: Run, order: Order) -> str:
    base = run.settings.http.public_url
    return Addresses(run.resources.keyring, base).tribute(order.id, order.tribute_link)


async def _keys(session: AsyncSession, arts: Sequence[Art]) -> dict[UUID, str]:
    query = select(Art.id, StoredFile.key).join(StoredFile, StoredFile.id == Art.file_id)
    rows = await session.execute(query.where(Art.id.in_([art.id for art in arts])))
    return {row.id: row.key for row in rows}


async def _fetched(run: Run, path: Path, key: str, within: int) -> bool:
    """Whether there was anything to fetch."""
    try:
        image = await run.resources.files.store.whole(key)
    except NotFound:
        return False
    await asyncio.to_thread(_write, path, image, within)
    return True


def _write(path: Path, image: bytes, within: int) -> None:
    path.write_bytes(fitted(image, within=within))


async def _kept(run: Run, book: Path) -> Written:
    async with run.resources.files.store.writing(new_key(run.tenant)) as upload:
        with book.open("rb") as content:
            while piece := await asyncio.to_thread(content.read, PIECE):
                await upload.write(piece)
    return upload.written()


def _workplace(folder: Path) -> TemporaryDirectory[str]:
    # A thread that is at a picture when its run is stopped may write once more while the folder goes.
    return TemporaryDirectory(prefix=FOLDER, dir=folder, ignore_cleanup_errors=True)


def swept_folder(run: Run) -> Path:
    """Where working folders are made; what killed processes left there is gone."""
    folder = temporary_folder(run.settings.files)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    return folder


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{FOLDER}*"):
        with suppress(OSError):  # another may sweep too, and not all that lies there need be ours
            if time.time() - left.lstat().st_mtime > LEFT:
                shutil.rmtree(left, ignore_errors=True)
