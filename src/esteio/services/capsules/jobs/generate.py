"""A capsule is made: from its pack, and where the model is asked, with what it wrote on top."""

import asyncio

from esteio.base.errors import EsteioError, Unavailable
from esteio.jobs.errors import LeaseLost
from esteio.jobs.run import Run
from esteio.services.capsules.domain.notes import NotTaken
from esteio.services.capsules.domain.placement import placed
from esteio.services.capsules.domain.writing import written
from esteio.services.capsules.jobs.acting import actor_of, last_try, section_of
from esteio.services.capsules.making import made
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.tasks import Generated, GenerateOrder
from esteio.services.capsules.use_cases import generating
from esteio.services.capsules.use_cases.generating import Made
from esteio.telemetry.logs import log

AT_ONCE = 2
_TRIALS = "capsules.trials"


async def generate(run: Run, order: GenerateOrder) -> Generated | None:
    """One new version, told to everybody who asked to hear of it; or the reason why there is none."""
    try:
        return await _generate(run, order)
    except (LeaseLost, Unavailable):
        raise
    except EsteioError as refusal:
        if refusal.status >= 500 and not last_try(run):
            raise
        # What is refused now is refused tomorrow: the quota, a bound.
        await _failed(run, order, refusal.code)
        raise
    except Exception:
        if last_try(run):
            await _failed(run, order, "INTERNAL_ERROR")
        raise


async def _generate(run: Run, order: GenerateOrder) -> Generated | None:
    async with run.transaction() as session:
        # The first try of a job whose capsule has failed: somebody had the dead letter tried again.
        wish = await generating.begin(session, order.capsule, job=run.id, actor=actor_of(run), again=run.attempt == 1)
    if wish is None:
        return None
    run.progress(1, 3, "files")
    result = await _made(run, order, wish)
    run.progress(2, 3, "version")
    outcome = Generated(capsule=order.capsule, version=0, provider=result.provider, files=len(result.files))
    async with run.completion(outcome) as session:
        number = await generating.complete(
            session,
            order.capsule,
            result,
            job=run.id,
            actor=actor_of(run),
            section=section_of(run),
            keyring=run.resources.keyring,
        )
        outcome.version = number or 0
        run.progress(3, 3)
    return None


async def _made(run: Run, order: GenerateOrder, wish: Wish) -> Made:
    files = await made(wish)
    if order.provider == "template":
        return Made(files, "template", order.cause)
    try:
        work = await written(wish, section_of(run), _places(run), lambda step: run.progress(1, 3, step))
    except NotTaken as refusal:
        log("esteio.capsules").warning("capsules.model_not_taken", note=refusal.note, capsule=str(order.capsule))
        return Made(files, "template", order.cause, refusal.note)
    return Made(placed(wish, work, files), "gemini", order.cause)


def _places(run: Run) -> asyncio.Semaphore:
    """Trials take memory: so many at once go on in this process, whatever number of jobs it runs."""
    places: asyncio.Semaphore = run.parts.setdefault(_TRIALS, asyncio.Semaphore(AT_ONCE))
    return places


async def _failed(run: Run, order: GenerateOrder, reason: str) -> None:
    async with run.transaction() as session:
        await generating.fail(
            session, order.capsule, reason, job=run.id, actor=actor_of(run), keyring=run.resources.keyring
        )
