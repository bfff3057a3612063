"""The book of an order: fetched, and asked for by mail once more."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from esteio.db.transaction import after_commit, touched, transaction
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.files import ANSWERS, stored_file
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.petstory import queries
from esteio.services.petstory.routes.customer import CustomerOrder, Visit, answered
from esteio.services.petstory.routes.handing import Handed
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.use_cases import delivering, mailing
from esteio.telemetry.logs import log

READ, ACT = ("petstory.read",), ("petstory.act",)
PUBLIC = frozenset({"GET /api/v2/petstory/orders/{link}/book", "POST /api/v2/petstory/orders/{link}/mail"})

router = APIRouter(prefix="/orders/{link}", tags=["petstory"])


@router.get("/book", summary="Fetch the book", response_class=Response, responses=ANSWERS)
@rules(limits=READ, anonymous_limits=READ, streams=True, errors=(410, 416))
async def fetch_book(request: Request, customer: CustomerOrder) -> Response:
    """The PDF, once it is made (404 before, 410 when it is not kept any more). `Range` asks for a part, so that a
    download that broke off can go on. With the first whole one the order is delivered.
    """
    found = await queries.book_file(customer.house.database, customer.link, customer.actor.now)
    answer = stored_file(request, found)
    if request.method != "GET" or answer.status_code != 200:
        return answer
    return Handed(answer, lambda: _delivered(customer))


@router.post("/mail", status_code=202, summary="Ask for the mail again", response_model=Envelope[OrderView])
@rules(limits=ACT, anonymous_limits=ACT, errors=(409, 429))
async def ask_for_mail(customer: CustomerOrder, session: Session) -> Answer:
    """The mail with the book is sent once more: one at a time, five a day (429 past that). Without a book: 409."""
    view = await mailing.again(session, customer.link, actor=customer.actor, addresses=customer.addresses)
    return answered(view, status=202)


async def _delivered(customer: Visit) -> None:
    """In a transaction of its own: whatever becomes of it, the customer gets the book."""
    house, tenant = customer.house, customer.actor.tenant
    try:
        async with transaction(house.database, tenant) as session:
            after_commit(session, lambda: house.freshness.spread(tenant, touched(session)))
            await delivering.deliver(session, customer.link, actor=customer.actor)
    except Exception:
        log("esteio.petstory").exception("petstory.delivery_not_noted")
