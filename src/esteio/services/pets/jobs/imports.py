"""Pets from a CSV file: a portion of its rows in each transaction, together with how far it is."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO

from sqlalchemy import select

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.files.records import FileRef, new_key, reference
from esteio.files.store import Written
from esteio.jobs.errors import Permanent
from esteio.jobs.run import Run
from esteio.services.pets import use_cases
from esteio.services.pets.jobs.results import conclude
from esteio.services.pets.models import PetImport
from esteio.services.pets.sheet import Row, count_rows, rows_of
from esteio.services.pets.tasks import Imported, ImportOrder, RowProblem

PORTION = 200
"""Rows in a transaction: short locks, and little to do again after a crash."""

SHOWN = 50
"""Problems in the result."""

MOST_PROBLEMS = 10_000
"""Problems in the file of problems; more are counted."""

IN_MEMORY = 262_144


@dataclass(slots=True)
class Tally:
    """What has become of the rows so far."""

    rows: int = 0
    registered: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    untold: int = 0

    def add(self, portion: Sequence[Row]) -> None:
        self.rows += len(portion)
        for row in portion:
            self.registered += row.pet is not None
            room = MOST_PROBLEMS - len(self.problems)
            self.problems += row.problems[:room]
            self.untold += max(0, len(row.problems) - room)

    def result(self, file: FileRef | None) -> Imported:
        return Imported(
            rows=self.rows,
            registered=self.registered,
            refused=self.rows - self.registered,
            errors=self.problems[:SHOWN],
            more_errors=len(self.problems[SHOWN:]) + self.untold,
            file=file,
        )


async def import_pets(run: Run, order: ImportOrder) -> Imported | None:
    """Register the pet of every row that describes one; tell what is wrong with the others.

    Begun again after a crash it looks at all rows again, and registers those that were not done yet.
    """
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        await _fetch(run, order.key, file)
        total = await asyncio.to_thread(count_rows, file)
        tally, done = Tally(), await _position(run)
        rows = rows_of(file)
        while portion := await asyncio.to_thread(_next, rows):
            before = tally.rows
            tally.add(portion)
            if tally.rows > done:
                await _register(run, order, portion[max(0, done - before) :], (max(done, before), tally.rows))
            run.progress(tally.rows, total)
    if not tally.problems:
        return tally.result(None)
    await _conclude(run, tally)
    return None


async def _fetch(run: Run, key: str, file: IO[bytes]) -> None:
    try:
        async for piece in run.resources.files.store.read(key):
            await asyncio.to_thread(file.write, piece)
    except NotFound as error:
        raise Permanent("The file is not kept any more: send it again.") from error


def _next(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, PORTION))


async def _position(run: Run) -> int:
    async with run.transaction() as session:
        found = await session.execute(select(PetImport.position).where(PetImport.id == run.id))
        return found.scalar_one_or_none() or 0


async def _register(run: Run, order: ImportOrder, rows: Sequence[Row], span: tuple[int, int]) -> None:
    caller = Principal(id=run.principal, tenant=run.tenant, proof="token", label=order.owner)
    pets = [row.pet for row in rows if row.pet is not None]
    async with run.transaction() as session:
        await use_cases.register_portion(
            caller=caller, session=session, clock=run.clock, data=pets, task=run.id, span=span
        )


async def _conclude(run: Run, tally: Tally) -> None:
    written = await _write_problems(run, tally.problems)
    days = run.settings.files.retention_days
    name, media_type = f"refused-{run.clock.now():%Y-%m-%d}.csv", "text/csv; charset=utf-8; header=present"
    file = reference(written, name=name, media_type=media_type, now=run.clock.now(), days=days)
    await conclude(run, tally.result(file), file, written)


async def _write_problems(run: Run, problems: Sequence[RowProblem]) -> Written:
    async with run.resources.files.store.writing(new_key(run.tenant)) as upload:
        await upload.write((",".join(RowProblem.model_fields) + "\r\n").encode())
        for problem in problems:
            line = io.StringIO()
            csv.writer(line).writerow(problem.model_dump().values())
            await upload.write(line.getvalue().encode())
    return upload.written()
