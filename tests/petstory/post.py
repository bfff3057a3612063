"""A shop whose books are mailed: finished orders, a mail server beside it, and the jobs that send."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from esteio.auth.audit import Audit
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.petstory import mails, orders
from esteio.services.petstory.links import Link, written
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.states import State
from esteio.services.petstory.tasks import MailKind
from esteio.standins.smtp import Sink
from tests.auth.mails.post import waiting
from tests.files.shop import in_shop, interrupted, run_due
from tests.house import AMPLE, Served
from tests.petstory.furnishing import Furnished, furnish

FROM = "books@petstory.example.org"
BOOK = b"book"
"""What the furnished book holds."""


def mailing(sink: Sink, **more: str) -> dict[str, str]:
    """Settings of a shop that mails through it."""
    return {
        "MAIL__SERVER": "localhost",
        "MAIL__PORT": str(sink.port),
        "MAIL__FROM_ADDRESS": FROM,
        "MAIL__CA_FILE": str(sink.ca_file),
        "MAIL__TIMEOUT": f"{AMPLE:g}",
        "MAIL__ANSWER_TIMEOUT": f"{AMPLE:g}",
        **more,
    }


@dataclass
class Office:
    """Orders with books, and what is mailed of them."""

    served: Served

    def order(self, state: State = "produced", age: float = 0.0, **values: Any) -> Furnished:
        return furnish(self.served, [(state, age)], **values)[0]

    def link(self, order: Furnished, kind: Any = "order") -> str:
        """The order's secret link, or that of its tribute page."""
        number = self.row(order)["link" if kind == "order" else "tribute_link"]
        return written(self.served.app.resources.keyring, kind, Link(order.id, number))

    def mail(self, order: Furnished, kind: MailKind = "book") -> UUID:
        """Ask for a mail as the house does; its id."""

        async def ask() -> UUID:
            resources = self.served.app.resources
            actor = Actor("test", DEFAULT_TENANT, resources.clock, Audit(resources.clock))
            async with transaction(resources.database, DEFAULT_TENANT) as session:
                return await mails.ask(session, await orders.locked(session, order.id), kind, actor=actor)

        return self.served.run(ask)

    def work(self, again: bool = False, waits: float = AMPLE) -> int:
        """Run the mails that are due, once; `again`: those that rest too. `waits`: see `waiting`."""
        self.served.sql("DELETE FROM job_tickets WHERE name <> 'petstory.send_mail'")
        if again:
            self.served.sql("UPDATE job_tickets SET due_at = now(), published_at = NULL WHERE state <> 'running'")
        done = in_shop(self.served, run_due, waiting(self.served.app.settings, waits))
        if interrupted(self.served):
            self.work(waits=waits)
        return done

    def row(self, order: Furnished) -> dict[str, Any]:
        return dict(self.served.sql("SELECT * FROM petstory_orders WHERE id = $1", order.id)[0])

    def state(self, order: Furnished) -> tuple[str, str | None]:
        row = self.row(order)
        return row["state"], row["reason"]

    def noted(self, mail: UUID) -> dict[str, Any]:
        """Our row of the mail."""
        return dict(self.served.sql("SELECT * FROM petstory_mails WHERE id = $1", mail)[0])

    def outcome(self, mail: UUID) -> str | None:
        """How its job ended; `None` while it lives."""
        rows = self.served.sql("SELECT outcome FROM jobs WHERE unique_key = $1", f"mail:{mail}")
        return rows[0]["outcome"] if rows else None


def addressed(sink: Sink, order: Furnished) -> list[EmailMessage]:
    """The mails that went to the order's customer."""
    return [one for one in sink.messages() if f"{order.id}@example.org" in str(one["to"])]


def body(message: EmailMessage, kind: str) -> str:
    """Its text as `plain` or `html`."""
    part = message.get_body((kind,))
    assert part is not None
    found: str = part.get_content()
    return found
