"""A paid order: its story is told, and what pictures it lacks are asked for."""

from dataclasses import asdict

from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import actor_of, section_of
from esteio.services.petstory.models import Order
from esteio.services.petstory.schemas import Language, Style
from esteio.services.petstory.story.asked import StoryAsked
from esteio.services.petstory.story.choice import story
from esteio.services.petstory.tasks import OrderRef
from esteio.services.petstory.use_cases import producing


async def produce(run: Run, ref: OrderRef) -> None:
    """The story is told once: a run that comes after one that was killed finds it written down, or tells it."""
    section, actor = section_of(run), actor_of(run)
    async with run.transaction() as session:
        order = await producing.begin(session, ref.order, actor=actor, section=section)
        photos = 0 if order is None else await producing.photos(session, order)
    if order is None:
        await _end(run, ref)
        return
    tale = None if order.story else asdict(await story(section, asked(order, photos)))
    async with run.completion() as session:
        await producing.told(session, ref.order, tale, actor=actor, section=section)


async def _end(run: Run, ref: OrderRef) -> None:
    """While the order is held, so that who asks for it next finds no job that has looked already."""
    async with run.completion() as session:
        if await producing.begin(session, ref.order, actor=actor_of(run), section=section_of(run)) is not None:
            raise Later(0.0)


def asked(order: Order, photos: int) -> StoryAsked:
    """What a story is asked with: one text for each picture, in the order of the pages."""
    styles: list[Style] = [style for _ in range(photos) for style in order.styles]  # type: ignore[misc]
    language: Language = order.language  # type: ignore[assignment]
    return StoryAsked(
        pet_name=order.pet_name,
        species=order.species,
        breed=order.breed,
        born=order.born,
        owner_words=order.words,
        language=language,
        styles=tuple(styles),
    )
