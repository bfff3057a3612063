"""Writing to the audit log: acts in the transaction that does them, refusals in one of their own."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.permissions import ADMINISTRATION, area
from esteio.auth.tables import AuditEntry
from esteio.base.clock import Clock
from esteio.base.errors import EsteioError, Forbidden
from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.http.exchange import Exchange
from esteio.telemetry.context import current
from esteio.telemetry.logs import log

DONE = "done"
REFUSED = "refused"


class Audit:
    """Who did what to whom, and from where. `details` hold no secret; they are kept for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def write(
        self,
        session: AsyncSession,
        action: str,
        subject: str,
        *,
        tenant: UUID,
        actor: str,
        outcome: str = DONE,
        details: dict[str, Any] | None = None,
        located: bool = True,
    ) -> None:
        """Add an entry to the running transaction: it stands if and only if the act does.

        `located` says whether the caller's network address belongs to it, which is then kept as long as the entry.
        """
        context = current.get()
        session.add(
            AuditEntry(
                id=new_id(),
                at=self._clock.now(),
                tenant_id=tenant,
                actor=actor[:100],
                action=action,
                subject=subject[:200],
                outcome=outcome,
                details=details or {},
                address=context.address[:64] if located and isinstance(context, Exchange) else None,
                request_id=context.request_id if context else None,
                trace_id=context.trace_id if context else None,
            )
        )


class Refusals:
    """Notes who was refused an administrative operation. The limiter bounds how often that can happen."""

    def __init__(self, audit: Audit, database: Database) -> None:
        self._audit = audit
        self._database = database

    async def note(self, refusal: Forbidden, exchange: Exchange) -> None:
        """Write the refusal where the operation is an administrative one and the caller is known.

        When it cannot be written the log says so, and the caller is refused all the same.
        """
        operation, principal = exchange.operation, exchange.principal
        permission = operation.rules.permission if operation is not None else None
        if operation is None or permission is None or area(permission) not in ADMINISTRATION or principal.anonymous:
            return
        try:
            async with transaction(self._database, principal.tenant) as session:
                self._audit.write(
                    session,
                    f"{operation.method} {operation.path}"[:100],
                    exchange.path,
                    tenant=principal.tenant,
                    actor=principal.id,
                    outcome=REFUSED,
                    details={"permission": permission, "reason": refusal.detail[:200]},
                )
        except EsteioError as error:
            log("esteio.auth").error("refusal not audited", cause=error.operator, actor=principal.id)
