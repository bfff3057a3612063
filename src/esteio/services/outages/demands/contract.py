"""ANEEL's contract of demands: its members in their order, and the words of its refusals."""

from collections.abc import Iterable, Sequence
from typing import Any

from esteio.http.answers import dumps
from esteio.services.outages.demands.bodies import Consumer, DemandView
from esteio.services.outages.demands.document import COUNTED, DEMAND
from esteio.services.outages.regulator.brasilia import written
from esteio.services.outages.regulator.contract import Shape, Words

DEMAND_COUNTS = Shape("demandasDiversas", (), head=False)
ONE_DEMAND = Shape("demanda", None, head=False)

WRONG_PROTOCOL = Words("Parâmetro inválido", "numProtocolo deve ser informado uma vez, com 1 a 30 caracteres")
UNKNOWN_PROTOCOL = Words("Protocolo nao encontrado", "Protocolo nao encontrado")


def demand_counts(rows: Iterable[Sequence[Any]]) -> bytes:
    """`demandasDiversas`, from rows whose values have the order of the members."""
    return dumps([dict(zip(COUNTED, row, strict=True)) for row in rows])


def one_demand(demand: DemandView, consumer: Consumer) -> bytes:
    """`demanda`."""
    values = (
        demand.protocol,
        consumer.uc,
        consumer.cpf_cnpj,
        consumer.name,
        demand.channel,
        demand.typology,
        demand.status,
        demand.merit,
        written(demand.opened_at),
        None if demand.closed_at is None else written(demand.closed_at),
        demand.municipio,
        demand.treatment,
    )
    return dumps(dict(zip(DEMAND, values, strict=True)))
