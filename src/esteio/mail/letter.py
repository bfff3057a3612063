"""What is sent, before it is written as the standards have it."""

import re
from dataclasses import dataclass

_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along. `type` is its media type; a name may be anything, folders are taken off it."""

    name: str
    type: str
    data: bytes

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type):
            raise ValueError("a media type is written application/pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to one recipient, in text and in HTML. Names and subject may be anything; `html` is taken as it is.

    `id` makes the Message-ID: the same letter sent twice should have the same, so that a mailbox can tell.
    `language` is a tag such as `pt-BR`.
    """

    id: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    to_name: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None

    def __post_init__(self) -> None:
        if len(self.id) > LONGEST_ID or not _ID.fullmatch(self.id):
            raise ValueError("the id of a letter is made of letters, digits, hyphens, underscores and dots")
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError("a language is written en or pt-BR")
