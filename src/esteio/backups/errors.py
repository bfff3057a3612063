"""What goes wrong with backups, in words for an operator."""

from esteio.base.errors import Conflict, EsteioError, Internal


class BackupRefused(Conflict):
    """Nothing was done, and doing it again would change nothing until what the words name is changed."""

    code = "BACKUP_REFUSED"
    title = "The backup or restore is refused as things stand"
    words = "The backup or restore cannot be done as things stand."


class BackupUnderWay(BackupRefused):
    """Another is being made, which nothing is wrong with."""


class BackupDamaged(EsteioError):
    """A part of a backup is not what was written."""

    code = "BACKUP_DAMAGED"
    status = 422
    title = "The backup is damaged"
    words = "The backup is not what was written."


class BackupFailed(Internal):
    """It was begun and came to nothing; it may work another time."""

    code = "BACKUP_FAILED"
    title = "The backup or restore failed"
    words = "The backup or restore came to nothing."
