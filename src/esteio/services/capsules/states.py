"""The ways of a capsule, and the bounds that no setting moves."""

from typing import Literal, get_args

Status = Literal["queued", "generating", "completed", "failed"]
Priority = Literal["low", "normal", "high"]
Provider = Literal["template", "gemini"]
Origin = Literal["template", "model", "edit"]
Cause = Literal["created", "changed", "edited", "regenerated"]

OPEN: frozenset[Status] = frozenset({"queued", "generating"})
"""A job has it in hand: nobody else changes it."""

PROVIDERS: tuple[Provider, ...] = get_args(Provider)

LARGEST_FILE = 1_048_576
"""Bytes of one file; no setting allows more."""

MOST_EDITS = 100
"""Files that one change may write or remove."""

DELETED = "DELETED"
"""It was deleted before its first version was made."""

JOB_LOST = "JOB_LOST"
"""The job that was to make it ended without a word: cancelled, or it killed its workers."""
