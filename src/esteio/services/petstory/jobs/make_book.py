"""The book: its pictures fetched one after the other, set by a child process, kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.files.records import new_key, reference
from esteio.files.spools import temporary_folder
from esteio.files.store import PIECE, Written
from esteio.files.tables import StoredFile
from esteio.jobs.errors import LeaseLost
from esteio.jobs.run import Run
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.book.content import BookContent, Picture
from esteio.services.petstory.book.making import BookFailed, make_book
from esteio.services.petstory.book.pictures import fitted, share
from esteio.services.petstory.jobs.acting import actor_of, last_try, section_of
from esteio.services.petstory.jobs.produce import asked
from esteio.services.petstory.models import Art, Order
from esteio.services.petstory.schemas import Language, Style
from esteio.services.petstory.story.asked import Story
from esteio.services.petstory.story.template import templated
from esteio.services.petstory.tasks import OrderRef
from esteio.services.petstory.use_cases import producing

FOLDER = "esteio-book-"
"""How the working folders begin; one that a killed process left is swept away by the retention job."""

WITHIN = 300.0
TRIES = 3
COVERS: tuple[Style, ...] = ("watercolour", "cartoon", "line")
"""Which style is the first choice for the cover."""


async def write_book(run: Run, ref: OrderRef) -> None:
    """The order's book, kept and mailed. Does nothing where no book is to be made of the order now."""
    async with run.transaction() as session:
        found = await producing.drawn_pictures(session, ref.order)
        if found is None:
            return
        order, arts, photos = found
        keys = await _keys(session, arts)
    try:
        with TemporaryDirectory(prefix=FOLDER, dir=_folder(run)) as place:
            folder = Path(place)
            content = await _content(run, folder, order, arts, keys, len(photos))
            made = await make_book(content, folder, within=WITHIN)
            written = await _kept(run, made)
    except BookFailed:
        if run.attempt < TRIES and not last_try(run):
            raise
        async with run.completion() as session:
            await producing.failed(session, ref.order, producing.BOOK_FAILED, actor=actor_of(run))
        return
    await _conclude(run, order, written)


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
    paths = [await _fetched(run, folder / f"art-{place}.jpg", keys[art.id], within) for place, art in enumerate(arts)]
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


async def _fetched(run: Run, path: Path, key: str, within: int) -> Path:
    image = b"".join([piece async for piece in run.resources.files.store.read(key)])
    await asyncio.to_thread(_write, path, image, within)
    return path


def _write(path: Path, image: bytes, within: int) -> None:
    path.write_bytes(fitted(image, within=within))


async def _kept(run: Run, book: Path) -> Written:
    async with run.resources.files.store.writing(new_key(run.tenant)) as upload:
        with book.open("rb") as content:
            while piece := await asyncio.to_thread(content.read, PIECE):
                await upload.write(piece)
    return upload.written()


def _folder(run: Run) -> Path:
    folder = temporary_folder(run.settings.files)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
