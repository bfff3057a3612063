"""A mail taken apart: what can be read of it, and what is attached."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import collapse_rfc2231_value
from typing import Any

LONGEST = 1_048_576
"""Characters of text, and of HTML, that are shown."""
MOST_HEADERS = 200
MOST_ATTACHMENTS = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Mail:
    """headers: with their names as written, in their order. cut: whether text or HTML is only the beginning."""

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    cut: bool
    attachments: tuple[Attachment, ...]


def taken_apart(content: bytes) -> Mail:
    """The mail; one that nobody can read is shown as the text that it is."""
    try:
        return _read(content)
    except Exception:  # a sender may write anything, and the parser has no one error for that
        text = content.decode("utf-8", "replace")
        return Mail((), text[:LONGEST], None, len(text) > LONGEST, ())


def received_at(number: str) -> datetime:
    """When the server took the mail: its number is that instant in nanoseconds."""
    return datetime.fromtimestamp(int(number) // 1000 / 1_000_000, UTC)


def _read(content: bytes) -> Mail:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    bodies = [_text(part) if part is not None else None for part in (text, html)]
    shown = [body if body is None else body[:LONGEST] for body in bodies]
    cut = any(body is not None and len(body) > LONGEST for body in bodies)
    headers = tuple((name, _plain(str(value))) for name, value in message.items())[:MOST_HEADERS]
    return Mail(headers, shown[0], shown[1], cut, tuple(_attachments(message, (text, html))))


def _attachments(message: EmailMessage, bodies: tuple[Any, ...]) -> list[Attachment]:
    """Every leaf that is no body: what is shown within the HTML too."""
    leaves = [part for part in message.walk() if not part.is_multipart() and all(part is not one for one in bodies)]
    return [_attachment(part, number) for number, part in enumerate(leaves[:MOST_ATTACHMENTS], 1)]


def _attachment(part: Any, number: int) -> Attachment:
    content = part.get_payload(decode=True) or b""
    name = part.get_filename()
    named = _plain(collapse_rfc2231_value(name)) if name else f"attachment-{number}"
    content_id = str(part["content-id"] or "").strip().removeprefix("<").removesuffix(">")
    return Attachment(named[:200], part.get_content_type(), bytes(content), _plain(content_id)[:200] or None)


def _text(part: Any) -> str:
    """By the charset that it names, or as UTF-8 where there is no such charset; lines end as they do off the wire."""
    raw = bytes(part.get_payload(decode=True) or b"").replace(b"\r\n", b"\n")
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _plain(text: str) -> str:
    """Without what cannot be written as UTF-8: bytes that are none came as surrogates."""
    return text.encode("utf-8", "replace").decode()
