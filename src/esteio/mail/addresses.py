"""Addresses of mail, as they may stand in a header and on a command line of SMTP."""

import re
import unicodedata
from dataclasses import dataclass

import idna

_ATOM = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7f])+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ANY = re.compile(r"([^\s<>@\"'(),;:]+)@([^\s<>@\"'(),;:]+)")
LONGEST_LOCAL = 64
LONGEST = 254


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`local@domain`, the domain in ASCII (IDNA 2008). Quoted local parts and address literals are not taken."""

    local: str
    domain: str

    @classmethod
    def read(cls, text: str) -> "Mailbox":
        """The address that a text is. Raises `ValueError` with words for whoever wrote it."""
        local, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
        if not at or not local or not domain:
            raise ValueError("an address is written name@example.org")
        if not _LOCAL.fullmatch(local) or not local.isprintable():
            raise ValueError("the part before the @ has characters that an address cannot have")
        found = cls(local, _ascii(domain))
        if len(local.encode()) > LONGEST_LOCAL or len(str(found).encode()) > LONGEST:
            raise ValueError(f"an address has at most {LONGEST} characters, {LONGEST_LOCAL} of them before the @")
        return found

    @property
    def international(self) -> bool:
        """Whether only servers with SMTPUTF8 (RFC 6531) can take it: its local part is not ASCII."""
        return not self.local.isascii()

    @property
    def masked(self) -> str:
        """Enough of it to find the line of a log again, not enough to write to."""
        return f"{self.local[0]}***@{self.domain}"

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def masked(text: str) -> str:
    """A text with all that looks like an address masked."""
    return _ANY.sub(lambda found: f"{found[1][0]}***@{found[2]}", text)


def _ascii(domain: str) -> str:
    try:
        written = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        written = ""
    # A last part of digits is an address of the network, by which a mail would go to a machine beside the server.
    if not _DOMAIN.fullmatch(written) or written.rpartition(".")[2].isdigit():
        raise ValueError("the part after the @ is not the name of a domain")
    return written
