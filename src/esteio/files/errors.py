"""What goes wrong with files, and how the words of the store's driver become ours."""

import re

from esteio.base.errors import EsteioError, Gone, NotFound, Unavailable


class StorageFull(EsteioError):
    code = "INSUFFICIENT_STORAGE"
    status = 507
    title = "There is no room left for files"
    words = "There is no room left to keep the file. It is not your request's fault; the operator has to make room."


class FileGone(Gone):
    code = "FILE_GONE"
    title = "The file or its link is over"
    words = "The file was removed."


class RangeNotSatisfiable(EsteioError):
    code = "RANGE_NOT_SATISFIABLE"
    status = 416
    title = "The range lies outside of the file"
    words = "The file has no bytes in the range that was asked for."


_FULL = re.compile(
    r"os error (?:28|122|27)\b|status: 507|Insufficient ?Storage|StorageFull|QuotaExceeded|NotEnoughSpace",
    re.IGNORECASE,
)
"""No space left, quota exceeded, file too large; and what servers that speak S3 say of it."""


def store_error(error: BaseException) -> EsteioError:
    """The error of the tree that says the same as one of the driver's."""
    if isinstance(error, EsteioError):
        return error
    words = f"{type(error).__name__}: {str(error).partition('Debug source')[0].strip()}"
    if isinstance(error, FileNotFoundError):
        return NotFound(operator=words)
    if _FULL.search(words):
        return StorageFull(operator=words)
    return Unavailable("The object store is unavailable.", operator=words)
