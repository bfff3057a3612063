"""The mailbox that `esteio up` plays: where it is, and the mail of an order in it."""

import json
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx

from esteio.services.petstory.commands.house import PATIENCE, is_here
from esteio.services.petstory.commands.steps import LATE, REFUSED, Stopped

FILE = "stand-ins.json"
PARTY = "SMTP"
LOOK_EVERY = 0.5
LATEST = 20
"""So many mails of one address are looked through, the newest first: mails of earlier runs are kept."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was received."""

    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["subject"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body is not None else ""

    @property
    def book(self) -> bytes | None:
        """The PDF that came along; a large one does not."""
        for part in self.message.iter_attachments():
            if part.get_content_type() == "application/pdf":
                return bytes(part.get_payload(decode=True))
        return None


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where the mails of this machine's house are told of."""

    control: str

    @classmethod
    def in_directory(cls, directory: Path) -> "Letterbox | None":
        """That of the house which keeps its data there; `None` where it sends by a server of its operator's.

        Raises `Stopped` where no such house runs.
        """
        try:
            told = json.loads((directory / FILE).read_text())
        except FileNotFoundError:
            raise Stopped(
                f"There is no {directory / FILE}: name the data directory of `esteio up` with --data-dir, "
                "or fetch the book by its link with --no-mail.",
                REFUSED,
            ) from None
        except (OSError, ValueError) as error:
            raise Stopped(f"{directory / FILE} cannot be read ({error}): start `esteio up` again.", REFUSED) from error
        found = told.get(PARTY) if isinstance(told, dict) else None
        control = found.get("control") if isinstance(found, dict) else None
        return cls(control) if isinstance(control, str) and is_here(control) else None

    def wait_for(self, email: str, token: str, within: float) -> Letter:
        """The mail to this address that has the order's secret in it. Raises `Stopped`."""
        end = time.monotonic() + within
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            while True:
                try:
                    found = self._find(client, email, token)
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    raise Stopped(f"The mailbox does not answer ({error}): is `esteio up` still running?") from error
                if found is not None:
                    return found
                if time.monotonic() > end:
                    raise Stopped(f"No mail of this order came to {email} within {within:g} s.", LATE)
                time.sleep(LOOK_EVERY)

    def _find(self, client: httpx.Client, email: str, token: str) -> Letter | None:
        listed = client.get(f"{self.control}/mails", params={"to": email}).raise_for_status().json()
        for one in reversed(listed[-LATEST:]):
            answer = client.get(f"{self.control}/mails/{one['id']}")
            letter = Letter(message_from_bytes(answer.content, EmailMessage, policy=policy.default))
            if answer.is_success and token in letter.text:
                return letter
        return None
