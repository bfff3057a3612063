"""The whole of it: the wall is there, the model is asked, its work is tried, once it may mend it."""

import asyncio
from collections.abc import Callable, Mapping

from esteio.services.capsules.domain.answer import Written, read
from esteio.services.capsules.domain.notes import Note, NotTaken
from esteio.services.capsules.domain.placement import NAME, has_place
from esteio.services.capsules.domain.prompt import Attempt, question
from esteio.services.capsules.domain.sandbox import NoSandbox
from esteio.services.capsules.domain.trial import Sources, demand_sandbox, tried
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.settings import CapsulesSettings
from esteio.telemetry.logs import log
from esteio.upstream.gemini.asking import asked
from esteio.upstream.gemini.question import Model, Reason, Unanswered

TOKENS = 32_768
WITHIN = 1_000.0
"""Seconds for all of it, waiting for a place included."""

Tell = Callable[[str], None]
_NOTES: Mapping[Reason, Note] = {
    "off": "MODEL_OFF",
    "refused": "MODEL_REFUSED",
    "cut": "NOT_READ",
    "limited": "MODEL_LIMITED",
    "failed": "MODEL_UNAVAILABLE",
}


async def written(wish: Wish, section: CapsulesSettings, places: asyncio.Semaphore, tell: Tell) -> Written:
    """What the model wrote, tried and passed. Raises `NotTaken`. `tell` hears "asking" and "trying".

    Nobody is asked where what comes of it could not be tried. `places`: so many trials go on at once.
    """
    if not has_place(wish):
        raise NotTaken("NO_DOMAIN_FOR_LANGUAGE")
    try:
        async with asyncio.timeout(WITHIN) as limit:
            await demand_sandbox()
            return await _mended(wish, section, places, tell)
    except NoSandbox as error:
        log("esteio.capsules").warning("capsules.no_sandbox", cause=str(error))
        raise NotTaken("NO_SANDBOX") from error
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise NotTaken("TRIAL_TIMED_OUT") from error


async def _mended(wish: Wish, section: CapsulesSettings, places: asyncio.Semaphore, tell: Tell) -> Written:
    first = await _answered(wish, section, None, tell)
    try:
        return await _tried(wish, first, section, places, tell)
    except NotTaken as refusal:
        reason = refusal
    log("esteio.capsules").info("capsules.model_asked_again", note=reason.note)
    try:
        second = await _answered(wish, section, Attempt(first.module, first.tests, reason.words), tell)
    except NotTaken:
        # What was wrong with the work says more than why it was not mended.
        raise reason from None
    return await _tried(wish, second, section, places, tell)


async def _answered(wish: Wish, section: CapsulesSettings, before: Attempt | None, tell: Tell) -> Written:
    tell("asking")
    try:
        return read(await asked(_model(section), question(wish, before)))
    except Unanswered as unanswered:
        log("esteio.capsules").warning(
            "capsules.model_unanswered", reason=unanswered.reason, retry_after=unanswered.retry_after
        )
        raise NotTaken(_NOTES[unanswered.reason]) from unanswered


async def _tried(
    wish: Wish, work: Written, section: CapsulesSettings, places: asyncio.Semaphore, tell: Tell
) -> Written:
    async with places:
        tell("trying")
        await tried(Sources(wish.package, NAME, work.module, work.tests), section.trial_seconds)
    return work


def _model(section: CapsulesSettings) -> Model:
    return Model(section.gemini_api_key, section.gemini_url, section.gemini_model, section.gemini_timeout, TOKENS)
