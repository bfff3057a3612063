"""Pets as a file: from PostgreSQL's COPY into the object store, in constant memory."""

from collections.abc import Mapping
from typing import Any

from esteio.db.reading import Reading
from esteio.files.copies import CSV, LINES, Snapshot, snapshot
from esteio.files.pens import Pen
from esteio.files.records import new_key, reference
from esteio.files.store import Written
from esteio.jobs.errors import Permanent
from esteio.jobs.run import Run
from esteio.services.pets import copies
from esteio.services.pets.jobs.results import conclude
from esteio.services.pets.queries import filter_values
from esteio.services.pets.schemas import ExportFormat, PetsExport
from esteio.services.pets.tasks import Exported, OnePetOrder

_MEDIA: Mapping[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "csv.gz": "application/gzip",
    "ndjson": "application/x-ndjson",
}


async def export_pets(run: Run, order: PetsExport) -> None:
    """Every pet that the filters leave, as they all were at one moment."""
    values = filter_values(order.filters())
    names = tuple(values)
    query = copies.lines_of(names) if order.format == "ndjson" else copies.sheet_of(names)
    async with _seen(run) as seen:
        run.progress(0, await seen.count(copies.count_of(names), values))
        written, rows = await _write(run, seen, query, values, order.format)
    await _conclude(run, f"pets-{run.clock.now():%Y-%m-%d}.{order.format}", order.format, written, rows)


async def export_pet(run: Run, order: OnePetOrder) -> None:
    """One pet with its feedings."""
    values = {"pet_id": order.pet_id}
    query = copies.lines_of_one() if order.format == "ndjson" else copies.sheet_of_one()
    async with _seen(run) as seen:
        if not await seen.count(copies.count_of_one(), values):
            raise Permanent("The pet is not there any more.")
        written, rows = await _write(run, seen, query, values, order.format)
    await _conclude(run, f"pet-{order.pet_id}.{order.format}", order.format, written, rows)


def _seen(run: Run) -> Any:
    return snapshot(run.database, run.tenant, within=run.kind.time_limit)


async def _write(
    run: Run, seen: Snapshot, query: Reading, values: Mapping[str, Any], form: ExportFormat
) -> tuple[Written, int]:
    """The object and how many rows it has, the header not counted."""
    lines = form == "ndjson"
    async with run.resources.files.store.writing(new_key(run.tenant)) as upload:
        pen = Pen(upload, crlf=not lines, gzip=form == "csv.gz", heading=0 if lines else 1)

        async def take(data: bytes) -> None:
            await pen.write(data)
            run.progress(max(0, pen.rows))

        rows = await seen.copy(query, values, LINES if lines else CSV, take)
        await pen.finish()
    run.progress(rows)
    return upload.written(), rows


async def _conclude(run: Run, name: str, form: ExportFormat, written: Written, rows: int) -> None:
    days = run.settings.files.retention_days
    file = reference(written, name=name, media_type=_MEDIA[form], now=run.clock.now(), days=days)
    await conclude(run, Exported(file=file, rows=rows), file, written)
