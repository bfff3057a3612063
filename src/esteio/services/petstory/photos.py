"""Photos of orders and what was drawn from them, as rows and files: how they come and how they go."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.files.pictures import MEDIA_TYPE, TakenPicture
from esteio.files.records import keep, reference, revoke
from esteio.services.petstory.errors import OrderState, TooManyPhotos
from esteio.services.petstory.links import CUSTOMER
from esteio.services.petstory.models import Art, Photo
from esteio.services.petstory.states import OPEN

NAME = "photo.jpg"


async def of_order(session: AsyncSession, order_id: UUID) -> list[Photo]:
    """The photos in their order."""
    return list(await session.scalars(select(Photo).where(Photo.order_id == order_id).order_by(Photo.position)))


def room(state: str, photos: int, wanted: int, most: int) -> int:
    """How many more photos an order takes, at least one. Raises `OrderState` and `TooManyPhotos`.

    `wanted` are those that take the place of such as could not be drawn.
    """
    if state == "production_failed" and wanted:
        return wanted
    if state == "production_failed":
        raise OrderState("Remove the photo that could not be drawn first, then send another in its place.")
    if state not in OPEN:
        raise OrderState(f"An order that is {state} takes no photos.")
    if photos >= most:
        raise TooManyPhotos(f"An order may have {most} photos: remove one first.")
    return most - photos


def unlike(present: Sequence[Photo], pictures: Sequence[TakenPicture]) -> list[TakenPicture]:
    """The pictures that the order does not have yet, each once."""
    known = {photo.sha256 for photo in present}
    fresh = []
    for picture in pictures:
        if picture.written.sha256 not in known:
            known.add(picture.written.sha256)
            fresh.append(picture)
    return fresh


def add(
    session: AsyncSession, order: tuple[UUID, UUID], picture: TakenPicture, position: int, *, now: datetime, days: int
) -> None:
    """A photo of the order (tenant, id) with its file, which is kept for `days` where nobody removes it sooner."""
    tenant, order_id = order
    file = reference(picture.written, name=NAME, media_type=MEDIA_TYPE, now=now, days=days)
    keep(session, file, picture.written, tenant=tenant, principal=CUSTOMER, now=now)
    session.add(
        Photo(
            id=new_id(),
            tenant_id=tenant,
            order_id=order_id,
            position=position,
            file_id=file.file_id,
            sha256=picture.written.sha256,
            width=picture.width,
            height=picture.height,
            size=picture.written.size,
            source=picture.source,
            created_at=now,
        )
    )


async def remove(session: AsyncSession, photos: Sequence[Photo]) -> int:
    """The photos and everything drawn from them go, their files with them; how many files that were."""
    if not photos:
        return 0
    await session.flush()
    ids = [photo.id for photo in photos]
    drawn = (await session.execute(select(Art.file_id, Art.preview_file_id).where(Art.photo_id.in_(ids)))).all()
    files = [photo.file_id for photo in photos] + [file for row in drawn for file in row if file is not None]
    await revoke(session, files)
    # What was drawn goes with its photo, in the database.
    await session.execute(delete(Photo).where(Photo.id.in_(ids)).execution_options(synchronize_session=False))
    return len(files)


async def purge(session: AsyncSession, order_id: UUID) -> int:
    """All photos of the order, and everything drawn from them; how many files that were."""
    return await remove(session, await of_order(session, order_id))


async def on_tribute(session: AsyncSession, order_id: UUID) -> list[Art]:
    """The pictures that the tribute page shows: of each style the first that was drawn."""
    drawn = select(Art).join(Photo, Photo.id == Art.photo_id).where(Art.order_id == order_id, Art.file_id.is_not(None))
    firsts: dict[str, Art] = {}
    for art in await session.scalars(drawn.order_by(Photo.position, Art.id)):
        firsts.setdefault(art.style, art)
    return list(firsts.values())


async def purge_but(session: AsyncSession, order_id: UUID, spared: Sequence[Art]) -> int:
    """As `purge` does, but for some pictures; of their photos only the rows stay, which they hang on."""
    spared_ids, holders = {art.id for art in spared}, {art.photo_id for art in spared}
    present = await of_order(session, order_id)
    files = await remove(session, [photo for photo in present if photo.id not in holders])
    rest = select(Art.id, Art.file_id, Art.preview_file_id).where(Art.order_id == order_id, Art.id.not_in(spared_ids))
    arts = (await session.execute(rest)).all()
    gone = [file for art in arts for file in art[1:] if file is not None]
    gone += [photo.file_id for photo in present if photo.id in holders]
    await revoke(session, gone)
    await session.execute(delete(Art).where(Art.id.in_([art[0] for art in arts])))
    return files + len(gone) + await drop_previews(session, order_id)


async def drop_previews(session: AsyncSession, order_id: UUID) -> int:
    """The watermarked pictures of the order go; how many there were."""
    marked = update(Art).where(Art.order_id == order_id, Art.preview_file_id.is_not(None))
    found = await session.scalars(select(Art.preview_file_id).where(Art.order_id == order_id))
    files = [file for file in found if file is not None]
    await revoke(session, files)
    await session.execute(marked.values(preview_file_id=None).execution_options(synchronize_session=False))
    return len(files)
