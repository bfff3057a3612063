"""What was received, and working it off once more."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.webhooks.receipts import read_receipt, work_off_again
from esteio.webhooks.routes.asked import WebhookParts
from esteio.webhooks.schemas import ReceiptDetailView, ReceiptView
from esteio.webhooks.tables import Receipt

BASE = "/api/v2/webhooks/receipts"
router = APIRouter(prefix="/webhooks", tags=["webhooks"])
ReceiptId = Annotated[UUID, Path(description="The receipt's id")]
_LISTING = Listing("webhook-receipts", BASE, Receipt.id, lambda receipt: receipt.id, UUID)


class ReceiptsAsked(Paging):
    source: Text | None = Query(None, max_length=64, description="Of one sender")
    sender_id: Text | None = Query(None, max_length=255, description="What the sender knows it by")


@router.get("/receipts", summary="List received webhooks", response_model=Envelope[list[ReceiptView]])
@rules("webhooks:read")
async def list_receipts(
    asked: Annotated[ReceiptsAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first, for as long as they are kept."""
    filters = {"source": asked.source, "sender_id": asked.sender_id}
    query = select(Receipt).filter_by(**{name: value for name, value in filters.items() if value is not None})
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(ReceiptView.model_validate)


@router.get("/receipts/{receipt_id}", summary="Read a received webhook", response_model=Envelope[ReceiptDetailView])
@rules("webhooks:read")
async def read_received(receipt_id: ReceiptId, session: Session) -> Answer:
    """What came: the body word for word and the header fields that are kept."""
    receipt, body = await read_receipt(session, receipt_id)
    shown = ReceiptView.model_validate(receipt).model_dump()
    detail = ReceiptDetailView(**shown, headers=receipt.headers, body=body.decode("utf-8", "replace"))
    return Answer(detail, links=[Link(f"{BASE}/{receipt_id}", "self")], cache_control="no-store")


@router.post(
    "/receipts/{receipt_id}/replay",
    status_code=202,
    summary="Work off a received webhook again",
    response_model=Envelope[ReceiptView],
)
@rules("webhooks:write", idempotent=True)
async def replay_received(receipt_id: ReceiptId, parts: WebhookParts, caller: Caller, session: Session) -> Answer:
    """Its job runs once more with what came; while it still runs nothing is doubled."""
    receipt = await work_off_again(session, parts.sources, receipt_id)
    subject = f"receipt:{receipt_id}"
    parts.audit.write(session, "webhook.receipt_replayed", subject, tenant=caller.tenant, actor=caller.id)
    address = f"{BASE}/{receipt_id}"
    return Answer(
        ReceiptView.model_validate(receipt), status=202, links=[Link(address, "self")], cache_control="no-store"
    )
