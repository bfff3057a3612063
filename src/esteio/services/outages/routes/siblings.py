"""The other two operations of ANEEL's contract: how many demands there are, and one demand with its consumer."""

from fastapi import APIRouter, Request

from esteio.auth.audit import Audit
from esteio.db.transaction import transaction
from esteio.http.answers import Answer
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.services.outages.demands.contract import UNKNOWN_PROTOCOL, WRONG_PROTOCOL, demand_counts, one_demand
from esteio.services.outages.demands.document import COUNTS_DESCRIBED, DEMAND_DESCRIBED
from esteio.services.outages.demands.forms import is_protocol
from esteio.services.outages.demands.reads import day_counts
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.answering import Note
from esteio.services.outages.regulator.contract import FAILURE, SUCCESS
from esteio.services.outages.use_cases.demands import Disclosed, disclose_demand

PROTOCOL = "numProtocolo"
LIMITS = ("outages.siblings",)

router = APIRouter(tags=["RADAR"])


@router.get(
    "/quantitativodemandasdiversas",
    summary="Demandas diversas",
    description="Quantas demandas há, por nível, canal e tipologia: em andamento agora, e do dia em Brasília.",
    openapi_extra=COUNTS_DESCRIBED,
)
@rules("outages:poll", limits=LIMITS, manner="radar.demandas")
async def count_demands(request: Request) -> Answer:
    """Demands in progress now, and those of this day in Brasília."""
    house, exchange = house_of(request), exchange_of(request.scope)
    rows = await day_counts(house.database, exchange.principal.tenant, house.clock.now())
    note = Note(None, SUCCESS, "database", len(rows), exchange.accepted_at)
    return _told(_part(request).demand_counts.success(demand_counts(rows)), note)


@router.get(
    "/dadosdemanda",
    summary="Dados de uma demanda",
    description="Uma demanda em aberto, ou encerrada nos últimos seis meses, com os dados de seu titular. "
    "Cada consulta é registrada.",
    openapi_extra=DEMAND_DESCRIBED,
)
@rules("outages:personal", limits=LIMITS, manner="radar.demanda")
async def show_demand(request: Request) -> Answer:
    """A demand with who made it. Shown only after the audit log has it that this was asked, and by whom."""
    contract, said = _part(request).demand, request.query_params.getlist(PROTOCOL)
    if len(said) != 1 or not is_protocol(said[0]):
        return _told(contract.failure(WRONG_PROTOCOL), Note(None, FAILURE, "none", 0))
    disclosed, made_at = await _disclosed(request, said[0]), exchange_of(request.scope).accepted_at
    if disclosed is None:
        return _told(contract.failure(UNKNOWN_PROTOCOL), Note(None, FAILURE, "database", 0, made_at))
    body = contract.success(one_demand(disclosed.demand, disclosed.consumer))
    return _told(body, Note(None, SUCCESS, "database", 1, made_at))


async def _disclosed(request: Request, protocol: str) -> Disclosed | None:
    house, caller = house_of(request), exchange_of(request.scope).principal
    audit: Audit = house.parts["audit"]
    async with transaction(house.database, caller.tenant) as session:
        return await disclose_demand(
            caller=caller,
            session=session,
            clock=house.clock,
            keyring=house.resources.keyring,
            audit=audit,
            protocol=protocol,
        )


def _told(body: bytes, note: Note) -> Answer:
    return Answer(body, cache_control="no-store", note=note)


def _part(request: Request) -> OutagesPart:
    part: OutagesPart = house_of(request).parts["outages"]
    return part
