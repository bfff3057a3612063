"""Pictures that are to be drawn: asked for by rows and jobs, and counted until none is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.jobs.enqueue import Order as Asked
from esteio.jobs.enqueue import enqueue_all
from esteio.services.petstory.models import Art, Order, Photo
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import DRAW, DRAW_ASKED, ArtOrder

Stage = Literal["preview", "production"]
STAGES: dict[str, Stage] = {"preview_queued": "preview", "producing": "production"}
"""What is drawn for an order in this state; in every other nothing is."""

LANES: dict[Stage, UUID] = {stage: uuid5(NAMESPACE_URL, f"petstory-drawing:{stage}") for stage in STAGES.values()}
"""Pictures take turns among themselves, so that many of them hold up neither payments nor mails, nor production
previews."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the pictures of a stage are."""

    wanted: Sequence[Art]

    @property
    def total(self) -> int:
        return len(self.wanted)

    @property
    def done(self) -> int:
        return len(self._in("drawn"))

    @property
    def open(self) -> int:
        return len(self._in("queued"))

    @property
    def refused(self) -> list[Art]:
        return self._in("refused")

    @property
    def failed(self) -> list[Art]:
        return self._in("failed")

    def _in(self, state: str) -> list[Art]:
        return [art for art in self.wanted if art.state == state]


async def ask(session: AsyncSession, order: Order, *, stage: Stage, actor: Actor, section: PetstorySettings) -> int:
    """Have what is missing of the stage drawn, of an order that is held; how many pictures that are.

    What failed before is tried anew; what was refused is not, since it would be again.
    """
    photos = await _photos(session, order, stage)
    known = {(art.photo_id, art.style): art for art in await _arts(session, order, photos)}
    missing = []
    for photo in photos:
        for style in order.styles:
            art = known.get((photo.id, style)) or _row(session, order, photo, style, stage, actor)
            if art.state in ("queued", "failed"):
                art.state, art.reason, art.tries, art.stage = "queued", None, 0, stage
                missing.append(art)
    await session.flush()
    kind = DRAW_ASKED if section.drawer == "gemini" else DRAW
    asked = [Asked(ArtOrder(art=art.id, order=order.id), art_job(art), LANES[stage]) for art in missing]
    if asked:
        await enqueue_all(session, kind, asked, tenant=actor.tenant, principal=actor.who)
    return len(missing)


async def standing(session: AsyncSession, order: Order, stage: Stage) -> Standing:
    """The pictures that the stage needs, as far as there are rows for them."""
    await session.flush()
    return Standing(await _arts(session, order, await _photos(session, order, stage)))


def art_job(art: Art) -> str:
    """The key of the job that draws it."""
    return f"art:{art.id}"


async def _photos(session: AsyncSession, order: Order, stage: Stage) -> list[Photo]:
    """The preview shows the first photo only: what is drawn before it is paid for is bounded."""
    query = select(Photo).where(Photo.order_id == order.id).order_by(Photo.position)
    return list(await session.scalars(query.limit(1) if stage == "preview" else query))


async def _arts(session: AsyncSession, order: Order, photos: Sequence[Photo]) -> list[Art]:
    query = select(Art).where(Art.photo_id.in_([photo.id for photo in photos]), Art.style.in_(order.styles))
    return list(await session.scalars(query.order_by(Art.id).execution_options(populate_existing=True)))


def _row(session: AsyncSession, order: Order, photo: Photo, style: str, stage: Stage, actor: Actor) -> Art:
    art = Art(
        id=new_id(),
        tenant_id=actor.tenant,
        order_id=order.id,
        photo_id=photo.id,
        style=style,
        stage=stage,
        state="queued",
        photo_sha256=photo.sha256,
        tries=0,
        created_at=actor.now,
    )
    session.add(art)
    return art
