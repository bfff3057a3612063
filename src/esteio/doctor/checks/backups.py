"""How old the last backup is, and what became of the last try."""

from collections.abc import AsyncIterator
from datetime import timedelta

from esteio.backups.ledger import standing
from esteio.base.finding import Finding, error, warning
from esteio.doctor.patient import Patient

OLD = timedelta(days=2)
"""A backup is made every day, and one that failed may be made again."""


async def backups(patient: Patient) -> AsyncIterator[Finding]:
    """Those that `esteio backup` makes: others, such as pgBackRest's, are nowhere written down."""
    scheduled = bool(patient.settings.backup.schedule)
    last = await patient.server.asked(standing)
    if last.taken is None or patient.clock.now() - last.taken > OLD:
        age = "There is no backup" if last.taken is None else f"The last backup is of {last.taken:%Y-%m-%d %H:%M} UTC"
        tell = error if scheduled or last.taken is not None else warning
        yield tell(
            f"{age}.",
            why="What was written since is gone with the disk.",
            fix="Look at the job (`esteio jobs list --failed`)."
            if scheduled
            else "Set a schedule, such as 30 2 * * *.",
            variable="ESTEIO_BACKUP__SCHEDULE",
        )
    if last.failed is not None and (last.made is None or last.failed > last.made):
        yield error(
            f"The last try of a backup failed at {last.failed:%Y-%m-%d %H:%M} UTC.",
            why="The next may fail for the same reason.",
            fix=f"It said: {last.error}",
        )
    if last.lost:
        yield warning(
            f"{last.lost} files that rows name were not in the last backup.",
            why="They are not in the store: whoever asks for one of them is told that it is gone.",
            fix="Look for them in an older backup; see what removed them.",
        )
