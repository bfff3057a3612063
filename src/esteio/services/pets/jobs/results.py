"""How a run ends whose result is a file: the file's row, the result and the success become true together."""

from pydantic import BaseModel

from esteio.files.records import FileRef, keep
from esteio.files.store import Written
from esteio.jobs.errors import LeaseLost
from esteio.jobs.run import Run


async def conclude(run: Run, result: BaseModel, file: FileRef, written: Written) -> None:
    """End the run with its file.

    A run that lost its job takes its object back. Where nobody knows whether the commit came through, the object stays:
    without a row nobody sees it, and the purge of files removes it.
    """
    try:
        async with run.completion(result) as session:
            keep(session, file, written, tenant=run.tenant, principal=run.principal, now=run.clock.now())
    except LeaseLost:
        await run.resources.files.store.delete(written.key)
        raise
