"""Writing to the audit log: acts in the transaction that does them, refusals in one of their own."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.permissions import ADMINISTRATION, area
from esteio.auth.tables import AuditEntry
from esteio.base.clock import Clock
from esteio.base.errors import EsteioError, Forbidden, InvalidCredentials
from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.http.exchange import Exchange
from esteio.http.routing import Operation
from esteio.telemetry.context import current
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import audit_events

DONE = "done"
REFUSED = "refused"
MOST = 10
"""Refused credentials that a process writes down in a minute."""


class Audit:
    """Who did what to whom, and from where. `details` hold no secret; they are kept for ever."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

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
        audit_events().labels(action, outcome).inc()
        session.add(
            AuditEntry(
                id=new_id(),
                at=self.clock.now(),
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
        self._minute = -1
        self._written = 0
        self._left_out = 0

    async def note(self, refusal: Forbidden, exchange: Exchange) -> None:
        """Write the refusal where the operation is an administrative one and the caller is known.

        When it cannot be written the log says so, and the caller is refused all the same.
        """
        operation, principal = exchange.operation, exchange.principal
        permission = operation.rules.permission if operation is not None else None
        if operation is None or permission is None or area(permission) not in ADMINISTRATION or principal.anonymous:
            return
        await self._write(operation, exchange, {"permission": permission, "reason": refusal.detail[:200]})

    async def note_credentials(self, refusal: InvalidCredentials, exchange: Exchange) -> None:
        """Write that an administrative operation was called with credentials that are none, `MOST` times a minute.

        Whoever floods the house with them makes no more rows: the next entry says how many were left out.
        """
        if exchange.operation is None or not self._has_room():
            return
        left_out, self._left_out = self._left_out, 0
        details = {"reason": refusal.detail[:200], **({"left_out": left_out} if left_out else {})}
        await self._write(exchange.operation, exchange, details)

    def _has_room(self) -> bool:
        minute = int(self._audit.clock.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._written = minute, 0
        if self._written >= MOST:
            self._left_out += 1
            return False
        self._written += 1
        return True

    async def _write(self, operation: Operation, exchange: Exchange, details: dict[str, Any]) -> None:
        principal = exchange.principal
        try:
            async with transaction(self._database, principal.tenant) as session:
                self._audit.write(
                    session,
                    f"{operation.method} {operation.path}"[:100],
                    exchange.path,
                    tenant=principal.tenant,
                    actor=principal.id,
                    outcome=REFUSED,
                    details=details,
                )
        except EsteioError as error:
            log("esteio.auth").error("refusal not audited", cause=error.operator, actor=principal.id)
