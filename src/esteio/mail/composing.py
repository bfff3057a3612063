"""From a letter to the bytes of a message (RFC 5322, 2045-2047, 2231). Blocking, and a while when it is large."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from secrets import token_hex

from esteio.mail import headers
from esteio.mail.addresses import Mailbox
from esteio.mail.errors import MailRefused
from esteio.mail.letter import Letter

_POLICY = SMTP.clone(cte_type="7bit")
"""Nothing beyond ASCII in the content, so that it passes through servers without 8BITMIME."""

_BREAKS = re.compile(rb"\r\n|\r|\n")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mail it is."""

    address: Mailbox
    name: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready for the wire. `size` is what it has without the dots of the transfer."""

    recipient: Mailbox
    message_id: str
    wire: bytes
    size: int


def compose(letter: Letter, sender: Sender, date: datetime, largest: int) -> Composed:
    """Raises `MailRefused` for an address that is none and for files of more than `largest` bytes."""
    if (size := sum(len(file.data) for file in letter.attachments)) > largest:
        raise MailRefused("The files are larger than a mail may be.", operator=f"{size} bytes of at most {largest}")
    recipient = _mailbox(letter.to)
    message_id = f"<{letter.id}@{sender.address.domain}>"
    message = _head(letter, sender, recipient, message_id, date).encode() + _content(letter).as_bytes(policy=_POLICY)
    wire = quoted(message)
    return Composed(recipient, message_id, wire, len(message))


def quoted(message: bytes) -> bytes:
    """As DATA carries it (RFC 5321, 4.5.2): lines end with CRLF, and none can be the dot that ends it all."""
    text = _BREAKS.sub(b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _head(letter: Letter, sender: Sender, recipient: Mailbox, message_id: str, date: datetime) -> str:
    lines = [
        f"Date: {format_datetime(date)}\r\n",
        headers.mailbox("From", sender.name, sender.address),
        headers.mailbox("To", letter.to_name, recipient),
        headers.line("Subject", letter.subject),
        f"Message-ID: {message_id}\r\n",
        f"Content-Language: {letter.language}\r\n",
        "Auto-Submitted: auto-generated\r\n",
    ]
    if letter.reply_to is not None:
        lines.insert(3, headers.mailbox("Reply-To", "", _mailbox(letter.reply_to)))
    return "".join(lines)


def _mailbox(text: str) -> Mailbox:
    try:
        return Mailbox.read(text)
    except ValueError as error:
        raise MailRefused(f"The address cannot be written to: {error}.", what="recipient") from None


def _content(letter: Letter) -> EmailMessage:
    """Text and HTML as alternatives, the files beside them. Without the headers that anybody's words go into."""
    message = EmailMessage(policy=_POLICY)
    message.set_content(_UNFIT.sub("\ufffd", letter.text))
    message.add_alternative(_UNFIT.sub("\ufffd", letter.html), subtype="html")
    for file in letter.attachments:
        main, sub = file.type.split("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=_file_name(file.name))
    for part in message.walk():
        if part.is_multipart():
            # Nobody guesses it, so the content need not be searched for it.
            part.set_boundary(token_hex(16))
    return message


def _file_name(name: str) -> str:
    """A name without folders, which a mail reader may store a file under; its ending is kept when it is cut."""
    last = re.split(r"[/\\]", headers.clean(name))[-1].strip(". ") or "file"
    stem, dot, ending = last.rpartition(".")
    if len(last) <= LONGEST_NAME or not dot or len(ending) > LONGEST_NAME // 4:
        return last[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
