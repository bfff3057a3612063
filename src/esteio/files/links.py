"""Links that are their own permission: signed, for one file, until a time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import NotFound

PATH = "/api/v2/files"
_PURPOSE = "file-link"
_VERSION = b"\x01"
_SPELLED = re.compile(r"[A-Za-z0-9_-]{76}", re.ASCII)
"""Version, tenant, file and time are 41 bytes and the signature 16: base64 leaves no spare bits, so that each link has
one spelling."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link says."""

    tenant: UUID
    file: UUID
    until: datetime


class Links:
    """Makes links and reads them. They hold for `seconds`, and never longer than their file."""

    def __init__(self, keyring: Keyring, clock: Clock, seconds: int) -> None:
        self._keyring = keyring
        self._clock = clock
        self._seconds = seconds

    def address(self, tenant: UUID, file: UUID, expires_at: datetime) -> str | None:
        """The path of a new link to the file, from the root of the public URL; `None` when the file's time is over."""
        now = self._clock.now()
        if expires_at <= now:
            return None
        until = min(expires_at, now + timedelta(seconds=self._seconds))
        payload = _VERSION + tenant.bytes + file.bytes + int(until.timestamp()).to_bytes(8)
        return f"{PATH}/{self._keyring.sign(_PURPOSE, payload)}"

    def read(self, token: str) -> Ticket:
        """What the link's token says; whether its time is over is for the caller to see. Raises `NotFound`."""
        if not _SPELLED.fullmatch(token):
            raise NotFound
        try:
            payload = self._keyring.verified(_PURPOSE, token)
        except ValueError as error:
            raise NotFound from error
        if payload[:1] != _VERSION:
            raise NotFound
        until = datetime.fromtimestamp(int.from_bytes(payload[33:]), UTC)
        return Ticket(UUID(bytes=payload[1:17]), UUID(bytes=payload[17:33]), until)

    def linked(self, result: Mapping[str, Any], tenant: UUID) -> dict[str, Any]:
        """A task's result with fresh links: `url` in each member that names a file, and that of `file` as its own.

        A result is stored without them, so that what lies in the database, or is told of it, opens nothing.
        """
        shown = {name: self._with_url(value, tenant) for name, value in result.items()}
        main = shown.get("file")
        if isinstance(main, dict) and "url" in main:
            shown["url"] = main["url"]
        return shown

    def _with_url(self, value: Any, tenant: UUID) -> Any:
        if not (isinstance(value, dict) and {"file_id", "expires_at"} <= value.keys()):
            return value
        expires_at = datetime.fromisoformat(value["expires_at"])
        return {**value, "url": self.address(tenant, UUID(value["file_id"]), expires_at)}
