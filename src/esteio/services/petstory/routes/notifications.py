"""Where Mercado Pago tells that something happened to a payment."""

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import rules
from esteio.webhooks.metrics import received
from esteio.webhooks.routes.hooks import LARGEST, LIMIT, accepted, take_in
from esteio.webhooks.schemas import AcceptedView

SOURCE = "mercadopago"
router = APIRouter(tags=["petstory"])


@router.post(
    "/webhooks/mercadopago",
    summary="Receive a notification of Mercado Pago",
    response_model=Envelope[AcceptedView],
)
@rules(limits=(LIMIT,), body_limit=LARGEST, errors=(401, 404))
async def receive_notification(request: Request) -> Answer:
    """Signed by `x-signature`; kept and answered at once, then the payment is read. Those of the old kind (`topic`
    and `id`, unsigned) are answered well and do nothing: the same is told here with a signature."""
    if _is_old(request):
        received().labels(SOURCE, "ignored").inc()
        return accepted()
    return await take_in(request, SOURCE)


def _is_old(request: Request) -> bool:
    return "topic" in request.query_params and "data.id" not in request.query_params
