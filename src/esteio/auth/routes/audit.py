"""The audit log of the caller's tenant, for reading only."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from esteio.auth.caller import Caller
from esteio.auth.labels import labels_in
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

    actor: Text | None = Query(None, max_length=100, description="Such as user:0192…, or key:* for all keys")
    action: Text | None = Query(None, max_length=100, description="Such as key.created, or key.* for all of its kind")
    subject: Text | None = Query(None, max_length=200, description="Such as key:0192…, or key:* for all keys")
    request_id: Text | None = Query(None, max_length=128, description="What was done in this request")
    outcome: Literal["done", "refused"] | None = Query(None, description="What was done, or refused")
    since: Moment | None = Query(None, description="From this time on")
    until: Moment | None = Query(None, description="Before this time")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters that are said."""
        same = [
            _matches(getattr(AuditEntry, name), getattr(self, name))
            for name in ("actor", "action", "subject")
            if getattr(self, name) is not None
        ]
        if self.outcome is not None:
            same.append(AuditEntry.outcome == self.outcome)
        if self.request_id is not None:
            same.append(AuditEntry.request_id == self.request_id)
        if self.since is not None:
            same.append(AuditEntry.at >= self.since)
        if self.until is not None:
            same.append(AuditEntry.at < self.until)
        return same


def _matches(column: InstrumentedAttribute[str], asked: str) -> ColumnElement[bool]:
    """Equal, or where the asked text ends with a star beginning with what stands before it."""
    return column.startswith(asked[:-1], autoescape=True) if asked.endswith("*") else column == asked


@router.get("", summary="Read the audit log", response_model=Envelope[list[AuditView]])
@rules("audit:read")
async def read_audit(
    asked: Annotated[AuditAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """What was done and what was refused, the latest first. Entries cannot be changed or deleted by anybody."""
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    query = select(AuditEntry).where(*asked.conditions())
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    names = {name for entry in page.rows for name in (entry.actor, entry.subject)}
    labels = await labels_in(session, caller, names)
    return page.answer(lambda entry: _shown(entry, labels))


def _shown(entry: AuditEntry, labels: Mapping[str, str]) -> AuditView:
    view = AuditView.model_validate(entry)
    said = {"actor_label": labels.get(entry.actor), "subject_label": labels.get(entry.subject)}
    return view.model_copy(update=said)
