"""The audit log of the caller's tenant, for reading only."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, select

from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse
from esteio.auth.schemas import AuditView
from esteio.auth.tables import AuditEntry
from esteio.base.schema import Moment, Text
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/audit"
router = APIRouter(prefix="/audit", tags=["audit"])
_LISTING = Listing("audit", BASE, AuditEntry.position, lambda entry: entry.position, int)


class AuditAsked(Paging):
    """Which entries: all that are said must hold."""

    actor: Text | None = Query(None, max_length=100, description="Such as user:0192…")
    action: Text | None = Query(None, max_length=100, description="Such as key.created")
    subject: Text | None = Query(None, max_length=200, description="Such as key:0192…")
    outcome: Literal["done", "refused"] | None = Query(None, description="What was done, or refused")
    since: Moment | None = Query(None, description="From this time on")
    until: Moment | None = Query(None, description="Before this time")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters that are said."""
        same = [
            getattr(AuditEntry, name) == getattr(self, name)
            for name in ("actor", "action", "subject", "outcome")
            if getattr(self, name) is not None
        ]
        if self.since is not None:
            same.append(AuditEntry.at >= self.since)
        if self.until is not None:
            same.append(AuditEntry.at < self.until)
        return same


@router.get("", summary="Read the audit log", response_model=Envelope[list[AuditView]])
@rules("audit:read")
async def read_audit(
    asked: Annotated[AuditAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """What was done and what was refused, the latest first. Entries cannot be changed or deleted by anybody."""
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    query = select(AuditEntry).where(*asked.conditions())
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(AuditView.model_validate)
