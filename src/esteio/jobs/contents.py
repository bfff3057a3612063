"""What of a job is kept as JSON: bounded, and free of what PostgreSQL cannot hold."""

import re

from pydantic import BaseModel

from esteio.base.errors import Invalid, PayloadTooLarge

MOST_BYTES = 262_144
"""Orders and results are kept with the job and read whole. What is larger belongs into the object store."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def contents(model: BaseModel, what: str) -> str:
    """The model as JSON. Raises `PayloadTooLarge`, and `Invalid` for text with U+0000; `what` names it in the words."""
    text = model.model_dump_json()
    if len(text.encode()) > MOST_BYTES:
        raise PayloadTooLarge(f"{what} is larger than {MOST_BYTES // 1024} KiB.")
    if _NUL.search(text):
        raise Invalid(f"{what} has text with the character U+0000, which cannot be kept.")
    return text


def plain(text: str, most: int) -> str:
    """Words of a job's own making, without characters that cannot be kept, cut off at so many."""
    return text[:most].replace("\0", "").encode("utf-8", "replace").decode()
