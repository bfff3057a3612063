"""The mails that were taken, as files: `ID.eml` as it was sent, `ID.json` what is told of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

MOST_MAILS = 1000
MOST_BYTES = 268_435_456


@dataclass(frozen=True, slots=True)
class Kept:
    """What is told of a mail: sender and recipients are the envelope's, subject and date the mail's own.

    tls: whether it came encrypted; user: who had logged in, or nobody.
    """

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    date: str
    size: int
    tls: bool
    user: str


class Box:
    """A folder that nobody else writes into. The oldest mails go when there are more than 1000, or more than 256 MB."""

    def __init__(self, folder: Path, most: int = MOST_MAILS, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most = most
        self._most_bytes = most_bytes
        self._kept: dict[str, Kept] = {}

    def open(self) -> None:
        """Make the folder, or find what an earlier run left in it. Raises `OSError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in sorted(self.folder.glob("*.json")):
            with suppress(ValueError, TypeError, KeyError, OSError):  # half written, or none of ours
                told = json.loads(file.read_bytes())
                self._kept[file.stem] = Kept(**told | {"to": tuple(told["to"])})

    def keep(self, content: bytes, sender: str, to: Sequence[str], *, tls: bool, user: str) -> Kept:
        """The mail is on the disk when this returns. Raises `OSError`."""
        subject, date = _told(content)
        number = f"{time.time_ns():020d}"
        while number in self._kept:
            number = f"{int(number) + 1:020d}"
        told = (_plain(sender), tuple(_plain(one) for one in to), subject, date, len(content), tls, _plain(user))
        kept = Kept(number, *told)
        self._write(number, "eml", content)
        self._write(number, "json", json.dumps(asdict(kept), ensure_ascii=False).encode())
        self._kept[number] = kept
        self._bound()
        return kept

    def all(self) -> list[Kept]:
        """The oldest first."""
        return [self._kept[number] for number in sorted(self._kept)]

    def content(self, number: str) -> bytes:
        """The mail as it was sent. Raises `KeyError`."""
        if number not in self._kept:
            raise KeyError(number)
        return (self.folder / f"{number}.eml").read_bytes()

    def drop(self, number: str) -> None:
        """Raises `KeyError`."""
        del self._kept[number]
        for ending in ("json", "eml"):
            (self.folder / f"{number}.{ending}").unlink(missing_ok=True)

    def empty(self) -> None:
        for number in [*self._kept]:
            self.drop(number)

    def _bound(self) -> None:
        kept = self.all()
        size = sum(one.size for one in kept)
        while len(kept) > 1 and (len(kept) > self._most or size > self._most_bytes):
            oldest = kept.pop(0)
            size -= oldest.size
            self.drop(oldest.id)

    def _write(self, number: str, ending: str, data: bytes) -> None:
        draft = self.folder / f"{number}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        draft.replace(self.folder / f"{number}.{ending}")


def _told(content: bytes) -> tuple[str, str]:
    """Subject and date, decoded; empty where they are absent, or cannot be read."""
    try:
        heads = BytesHeaderParser(policy=policy.default).parsebytes(content)
        return _plain(str(heads["subject"] or "")), _plain(str(heads["date"] or ""))
    except Exception:  # a sender may write anything, and the parser has no one error for that
        return "", ""


def _plain(text: str) -> str:
    """What can be written as UTF-8: a line's bytes that are none came as surrogates."""
    return text.encode("utf-8", "replace").decode()
