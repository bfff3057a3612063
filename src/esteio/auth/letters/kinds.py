"""Which letters there are, and the job that sends one."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Retry

Language = Literal["en", "pt-BR"]
LetterKind = Literal[
    "reset", "verification", "change", "registration", "password_changed", "address_changed", "invitation"
]


class LetterRef(BaseModel):
    """A row of `account_letters`, and the language of whoever asked for it."""

    letter: UUID
    language: Language


SEND_LETTER = JobKind(
    name="auth.send_letter",
    payload=LetterRef,
    retry=Retry(tries=12, first=5.0, longest=1800.0),
    time_limit=1600.0,
    lane_limit=4,
)
"""Tried for some two hours: then its reader has asked again. Longer than both bounds of a mail can be set to."""


def letter_job(letter: UUID) -> str:
    """The key of the job that sends it."""
    return f"letter:{letter}"
