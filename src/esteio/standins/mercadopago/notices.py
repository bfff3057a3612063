"""A notification on the wire: its address, its signature, its body."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from esteio.standins.mercadopago.bodies import text
from esteio.standins.mercadopago.habits import Habits

WEBHOOK, IPN = "webhook", "ipn"


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to a payment; `number` is the notification's own."""

    number: int
    payment: int
    action: str
    made: datetime
    live: bool
    collector: int

    def body(self, kind: str) -> bytes:
        if kind == IPN:
            return text({"resource": str(self.payment), "topic": "payment"}).encode()
        return text(
            {
                "action": self.action,
                "api_version": "v1",
                "data": {"id": str(self.payment)},
                "date_created": self.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "id": self.number,
                "live_mode": self.live,
                "type": "payment",
                "user_id": self.collector,
            }
        ).encode()

    def url(self, base: str, kind: str, habits: Habits) -> str:
        """The receiver's address, whose own parameters stay."""
        query = {"topic": "payment", "id": str(self.payment)} if kind == IPN else {"type": "payment"}
        if kind == WEBHOOK and "data.id" not in habits.drop:
            query = {"data.id": str(self.payment)} | query
        base = base.partition("#")[0]
        return base + ("&" if "?" in base else "?") + urlencode(query)


def manifest(payment: int | None, request: str | None, ts: str) -> str:
    """The text that is signed; what a notification does not have is not in it."""
    parts = {"id": payment, "request-id": request, "ts": ts}
    return "".join(f"{name}:{value};" for name, value in parts.items() if value is not None)


def headers(notice: Notice, secret: str, habits: Habits, now: datetime) -> dict[str, str]:
    """Those that say who sends and prove it, as the habits want them."""
    request = str(uuid4())
    ts = _ts(now.timestamp() - habits.stale, habits.seconds)
    signed = manifest(
        None if "data.id" in habits.drop else notice.payment,
        None if "x-request-id" in habits.drop else request,
        ts,
    )
    key = f"not {secret}" if habits.wrong_secret else secret
    digest = hmac.digest(key.encode(), signed.encode(), hashlib.sha256).hex()
    parts = {"ts": ts, "v1": digest.upper() if habits.upper else digest}
    signature = ",".join(f"{name}={value}" for name, value in parts.items() if name not in habits.drop)
    found = {"X-Request-Id": request, "X-Signature": signature}
    return {name: value for name, value in found.items() if name.lower() not in habits.drop}


def _ts(seconds: float, whole: bool) -> str:
    return str(int(seconds)) if whole else str(int(seconds * 1000))


def view(notice: Notice, kind: str) -> dict[str, Any]:
    """What the list of deliveries tells of it."""
    return {"notification": notice.number, "payment": notice.payment, "action": notice.action, "kind": kind}
