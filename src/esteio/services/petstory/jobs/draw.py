"""Drawing one picture: set aside what it may cost, look whether it was drawn before, draw, keep, go on."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from esteio.base.errors import EsteioError, NotFound
from esteio.files.records import new_key, reference
from esteio.files.store import PIECE, Written
from esteio.files.tables import StoredFile
from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.petstory.art.choice import artist
from esteio.services.petstory.art.drawing import Artist, Drawn, art_key
from esteio.services.petstory.art.outcomes import ArtOutcome, Busy, NoImage, NotConfigured, Parked, PhotoRefused
from esteio.services.petstory.drawings import Stage
from esteio.services.petstory.jobs.acting import actor_of, last_try, section_of
from esteio.services.petstory.models import Art, Photo
from esteio.services.petstory.schemas import Style
from esteio.services.petstory.states import BUDGET, PHOTO_LOST
from esteio.services.petstory.tasks import ArtOrder
from esteio.services.petstory.use_cases import drawing
from esteio.services.petstory.use_cases.drawing import Kept, Picture

ZERO = Decimal(0)
JPEG, PNG = "image/jpeg", "image/png"
NOBODY = 900.0
"""Seconds until a job asks again whose artist has no key, or one that is refused: an operator has to help."""

LONGEST_PARKED = 86_400.0
PREVIEW_TRIES = 8
"""Who waits for a preview is told soon, and may ask again; a paid book is waited for as long as its job is tried."""

ROOM = 64 * 1_048_576
"""Bytes on disk below which nothing is asked for: a picture that is paid for must find a place."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be drawn, and from which object."""

    art: UUID
    order: UUID
    stage: Stage
    style: Style
    photo_key: str | None
    photo_sha256: str

    def draft(self, tenant: UUID, by: Artist) -> str:
        """Where the picture lies until it is kept: found by whoever does this anew, so that nothing is drawn twice.

        No file names it. A run that was thought dead may write it when another's picture is kept already, and must not
        change that one.
        """
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
    """Whatever may fail without costs comes first."""
    photo = None if task.photo_key is None else await _found(run, task.photo_key)
    if photo is None:
        await _not_drawn(run, task, "failed", PHOTO_LOST)
        return
    await run.resources.files.space.demand(ROOM)
    price = _price(run, by)
    if price and not await _set_aside(run, task, price):
        await _not_drawn(run, task, "failed", BUDGET)
        return
    try:
        drawn = await by.draw(photo, task.style)
    except ArtOutcome as outcome:
        await _return(run, task, price - getattr(outcome, "cost", ZERO))
        await _settle(run, task, outcome)
        return
    await _store(run, task.draft(run.tenant, by), drawn.image)
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
            if vain >= tries or _given_up(run, task):
                await _not_drawn(run, task, "failed", outcome.reason)
            else:
                raise Later(2.0 * vain) from outcome
        case _ if _given_up(run, task):
            await _not_drawn(run, task, "failed", type(outcome).__name__.upper())
        case Busy():
            # Whoever is away for long is asked ever more seldom, so that the tries last.
            raise Later(max(outcome.after, run.kind.retry.rest(run.attempt) or 0.0)) from outcome
        case Parked():
            raise Later(min(outcome.until_seconds, LONGEST_PARKED)) from outcome
        case NotConfigured():
            raise Later(NOBODY) from outcome
        case _:
            raise outcome


def _given_up(run: Run, task: Task) -> bool:
    return last_try(run) or (task.stage == "preview" and run.attempt >= PREVIEW_TRIES)


async def _task(run: Run, art_id: UUID) -> Task | None:
    async with run.transaction() as session:
        found = await drawing.wanted(session, art_id)
        if found is None:
            return None
        order, art = found
        query = select(StoredFile.key).join(Photo, Photo.file_id == StoredFile.id).where(Photo.id == art.photo_id)
        key = await session.scalar(query)
    return Task(art.id, order.id, art.stage, art.style, key, art.photo_sha256)  # type: ignore[arg-type]


async def _drawn_before(run: Run, task: Task, by: Artist) -> Drawn | None:
    """The same picture, from a run of this job that did not live to say so, or from an earlier order."""
    image, cost = await _found(run, task.draft(run.tenant, by)), _price(run, by)
    if image is None:
        image, cost = await _found_elsewhere(run, task, by), ZERO
    if image is None:
        return None
    # Pillow is the artists': a process that never draws does not load it.
    from esteio.services.petstory.art.decoding import Undecodable, decoded

    try:
        width, height = (await asyncio.to_thread(decoded, image)).size
    except Undecodable:
        return None
    return Drawn(image, _media_type(image), width, height, by.name, by.model, cost)


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
    return None if key is None else await _found(run, key)


async def _conclude(run: Run, task: Task, by: Artist, drawn: Drawn, *, set_aside: Decimal) -> None:
    # Loaded here for the reason that `_drawn_before` gives.
    from esteio.services.petstory.art.previews import watermarked

    marked = await asyncio.to_thread(watermarked, drawn.image)
    whole = await _store(run, new_key(run.tenant), drawn.image)
    preview = await _store(run, new_key(run.tenant), marked)
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
        kept = await drawing.drawn(session, task.art, picture, actor=actor_of(run))
    draft = task.draft(run.tenant, by)
    await _drop(run, [draft] if kept else [draft, whole.key, preview.key])


async def _not_drawn(run: Run, task: Task, state: str, reason: str) -> None:
    async with run.completion() as session:
        await drawing.not_drawn(session, task.art, state, reason, actor=actor_of(run))


def _price(run: Run, by: Artist) -> Decimal:
    return section_of(run).gemini_price if by.name == "gemini" else ZERO


async def _set_aside(run: Run, task: Task, price: Decimal) -> bool:
    async with run.transaction() as session:
        return await drawing.set_aside(session, task.art, price, actor=actor_of(run), section=section_of(run))


async def _return(run: Run, task: Task, amount: Decimal) -> None:
    if amount:
        async with run.transaction() as session:
            await drawing.give_back(session, task.order, amount, actor=actor_of(run))


def _media_type(image: bytes) -> str:
    """Artists give the one or the other."""
    return PNG if image.startswith(b"\x89PNG") else JPEG


def _kept(run: Run, written: Written, stem: str, media_type: str) -> Kept:
    """Kept as long as anything of an order is; the retention job lets go of it sooner."""
    days = section_of(run).longest_days
    name = f"{stem}.{'png' if media_type == PNG else 'jpg'}"
    return Kept(reference(written, name=name, media_type=media_type, now=run.clock.now(), days=days), written)


async def _store(run: Run, key: str, image: bytes) -> Written:
    async with run.resources.files.store.writing(key) as upload:
        for start in range(0, len(image), PIECE):
            await upload.write(image[start : start + PIECE])
    return upload.written()


async def _drop(run: Run, keys: Iterable[str]) -> None:
    """Objects that nobody names. What cannot be removed now is removed as an orphan."""
    for key in keys:
        with suppress(EsteioError):
            await run.resources.files.store.delete(key)


async def _found(run: Run, key: str) -> bytes | None:
    try:
        return await run.resources.files.store.whole(key)
    except NotFound:
        return None
