"""Drawing one picture: set aside what it may cost, look whether it was drawn before, draw, keep, go on."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from esteio.base.errors import NotFound
from esteio.files.records import new_key, reference
from esteio.files.store import Written
from esteio.files.tables import StoredFile
from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.petstory.art.choice import artist
from esteio.services.petstory.art.drawing import Artist, Drawn, art_key
from esteio.services.petstory.art.outcomes import ArtOutcome, Busy, NoImage, NotConfigured, Parked, PhotoRefused
from esteio.services.petstory.jobs.acting import actor_of, last_try, section_of
from esteio.services.petstory.models import Art, Photo
from esteio.services.petstory.schemas import Style
from esteio.services.petstory.tasks import ArtOrder
from esteio.services.petstory.use_cases import drawing
from esteio.services.petstory.use_cases.drawing import BUDGET, Kept, Picture

ZERO = Decimal(0)
JPEG, PNG = "image/jpeg", "image/png"
NOBODY = 900.0
"""Seconds until a job asks again whose artist has no key, or one that is refused: an operator has to help."""

LONGEST_PARKED = 86_400.0


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be drawn: the photo's object, and where the picture goes."""

    art: UUID
    style: Style
    photo_key: str
    photo_sha256: str

    def place(self, tenant: UUID, by: Artist) -> str:
        """The picture's object: found again by whoever does this anew, so that nothing is drawn twice."""
        return f"{tenant}/{art_key(self.art, self.photo_sha256, self.style, by.name, by.model)}"


async def draw(run: Run, asked: ArtOrder) -> None:
    """One photo in one style. Does nothing where nobody waits for it any more."""
    task = await _task(run, asked.art)
    if task is None:
        return
    by = artist(section_of(run))
    async with aclosing(by):
        found = await _drawn_before(run, task, by)
        if found is None:
            await _ask(run, task, by)
        else:
            await _conclude(run, task, by, found, set_aside=ZERO)


async def _ask(run: Run, task: Task, by: Artist) -> None:
    section, price = section_of(run), section_of(run).gemini_price if by.name == "gemini" else ZERO
    if price:
        async with run.transaction() as session:
            allowed = await drawing.set_aside(session, task.art, price, section.art_budget, actor=actor_of(run))
        if not allowed:
            await _not_drawn(run, task, "failed", BUDGET)
            return
    try:
        drawn = await by.draw(await _read(run, task.photo_key), task.style)
    except ArtOutcome as outcome:
        await _return(run, task, price - getattr(outcome, "cost", ZERO))
        await _settle(run, task, outcome)
        return
    await _store(run, task.place(run.tenant, by), drawn.image)
    await _conclude(run, task, by, drawn, set_aside=price)


async def _settle(run: Run, task: Task, outcome: ArtOutcome) -> None:
    """What follows from there being no picture. Raises `Later` where asking again may help."""
    tries = section_of(run).art_tries
    match outcome:
        case PhotoRefused():
            await _not_drawn(run, task, "refused", outcome.reason)
        case NoImage():
            async with run.transaction() as session:
                vain = await drawing.in_vain(session, task.art)
            if vain >= tries or last_try(run):
                await _not_drawn(run, task, "failed", outcome.reason)
            else:
                raise Later(2.0 * vain) from outcome
        case _ if last_try(run):
            await _not_drawn(run, task, "failed", type(outcome).__name__.upper())
        case Busy():
            raise Later(outcome.after) from outcome
        case Parked():
            raise Later(min(outcome.until_seconds, LONGEST_PARKED)) from outcome
        case NotConfigured():
            raise Later(NOBODY) from outcome
        case _:
            raise outcome


async def _task(run: Run, art_id: UUID) -> Task | None:
    async with run.transaction() as session:
        found = await drawing.wanted(session, art_id)
        if found is None:
            return None
        art = found[1]
        query = select(StoredFile.key).join(Photo, Photo.file_id == StoredFile.id).where(Photo.id == art.photo_id)
        key = await session.scalar(query)
    return None if key is None else Task(art.id, art.style, key, art.photo_sha256)  # type: ignore[arg-type]


async def _drawn_before(run: Run, task: Task, by: Artist) -> Drawn | None:
    """The same picture, from a run of this job that did not live to say so, or from an earlier order."""
    image = await _found(run, task.place(run.tenant, by)) or await _found_elsewhere(run, task, by)
    if image is None:
        return None
    # Pillow is the artists': a process that never draws does not load it.
    from esteio.services.petstory.art.decoding import Undecodable, decoded

    try:
        width, height = (await asyncio.to_thread(decoded, image)).size
    except Undecodable:
        return None
    return Drawn(image, _media_type(image), width, height, by.name, by.model, ZERO)


async def _found_elsewhere(run: Run, task: Task, by: Artist) -> bytes | None:
    query = (
        select(StoredFile.key)
        .join(Art, Art.file_id == StoredFile.id)
        .where(
            Art.photo_sha256 == task.photo_sha256,
            Art.style == task.style,
            Art.state == "drawn",
            Art.provider == by.name,
            Art.model == by.model,
            StoredFile.deleted_at.is_(None),
        )
        .limit(1)
    )
    async with run.transaction() as session:
        key = await session.scalar(query)
    image = None if key is None else await _found(run, key)
    if image is not None:
        await _store(run, task.place(run.tenant, by), image)
    return image


async def _conclude(run: Run, task: Task, by: Artist, drawn: Drawn, *, set_aside: Decimal) -> None:
    # Loaded here for the reason that `_drawn_before` gives.
    from esteio.services.petstory.art.previews import watermarked

    preview_key = new_key(run.tenant)
    preview = await _store(run, preview_key, await asyncio.to_thread(watermarked, drawn.image))
    place = task.place(run.tenant, by)
    whole = Written(place, len(drawn.image), sha256(drawn.image).hexdigest())
    picture = Picture(
        whole=_kept(run, whole, task.style, drawn.media_type),
        preview=_kept(run, preview, f"{task.style}-preview", JPEG),
        width=drawn.width,
        height=drawn.height,
        provider=drawn.provider,
        model=drawn.model,
        cost=drawn.cost,
        owed=drawn.cost - set_aside if set_aside else ZERO,
    )
    async with run.completion() as session:
        await drawing.drawn(session, task.art, picture, actor=actor_of(run))


async def _not_drawn(run: Run, task: Task, state: str, reason: str) -> None:
    async with run.completion() as session:
        await drawing.not_drawn(session, task.art, state, reason, actor=actor_of(run))


async def _return(run: Run, task: Task, amount: Decimal) -> None:
    if amount:
        async with run.transaction() as session:
            await drawing.give_back(session, task.art, amount, actor=actor_of(run))


def _media_type(image: bytes) -> str:
    """Artists give the one or the other."""
    return PNG if image.startswith(b"\x89PNG") else JPEG


def _kept(run: Run, written: Written, stem: str, media_type: str) -> Kept:
    """Kept as long as anything of an order is; the retention job lets go of it sooner."""
    section = section_of(run)
    days = max(section.tribute_days, section.customers_days)
    name = f"{stem}.{'png' if media_type == PNG else 'jpg'}"
    return Kept(reference(written, name=name, media_type=media_type, now=run.clock.now(), days=days), written)


async def _store(run: Run, key: str, image: bytes) -> Written:
    async with run.resources.files.store.writing(key) as upload:
        await upload.write(image)
    return upload.written()


async def _found(run: Run, key: str) -> bytes | None:
    try:
        return await _read(run, key)
    except NotFound:
        return None


async def _read(run: Run, key: str) -> bytes:
    return b"".join([piece async for piece in run.resources.files.store.read(key)])
