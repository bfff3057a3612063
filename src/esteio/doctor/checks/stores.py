"""The object store: an object is written, read and removed, which needs credentials that sign."""

from collections.abc import AsyncIterator
from contextlib import suppress

from esteio.base.errors import EsteioError
from esteio.base.finding import Finding, error
from esteio.base.ids import new_id
from esteio.doctor.patience import words_of
from esteio.doctor.patient import Patient
from esteio.files.backends import folder_of

_PROBE = b"esteio doctor"


async def store(patient: Patient) -> AsyncIterator[Finding]:
    """Only where files are in a bucket: a folder has a check of its own, which leaves nothing behind either."""
    if folder_of(patient.settings.files) is not None:
        return
    failure = await _failure(patient)
    if failure:
        yield error(
            f"The object store cannot be used: {failure}.",
            why="Exports, imports, photos, books and backups fail.",
            fix="See whether the endpoint is reachable, the bucket exists, the credentials may read, write and delete.",
            variable="ESTEIO_FILES__URL",
        )


async def _failure(patient: Patient) -> str:
    files, key = patient.resources.files.store, f"doctor/{new_id()}"
    try:
        async with files.writing(key) as upload:
            await upload.write(_PROBE)
        if await files.whole(key) != _PROBE:
            return "what was written was not read again"
        await files.delete(key)
    except EsteioError as failure:
        with suppress(EsteioError):
            await files.delete(key)
        return words_of(failure).rstrip(".")
    return ""
