"""The OpenAPI document of ANEEL's contract, for those who implement its other side: in Portuguese, complete."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRouter, iter_route_contexts

from esteio.http.rules import rules_of
from esteio.services.outages.regulator.contract import (
    FAILED,
    FAILURE,
    GRANTED,
    REFUSALS,
    SUCCESS,
    Contract,
)

CONTENT, SAMPLE = "x-content", "x-sample"
"""Where a route's `openapi_extra` has the schema of what it tells, and an example of it."""

_ABOUT = (
    "Consultas da ANEEL à distribuidora (Ofício Circular 14/2025, projeto RADAR). Toda resposta tem o mesmo corpo, "
    "também as recusas; uma consulta que chegou e não pôde ser atendida responde 200 com idcStatusRequisicao 2."
)
_KEY = {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "Chave entregue pela distribuidora"}
_REASONS = {
    401: "Chave ausente, errada ou expirada",
    403: "Endereço IP não autorizado, ou chave sem permissão",
    405: "Método diferente de GET",
    421: "Host não atendido por este servidor",
    429: "Mais consultas por minuto do que o permitido",
}
_HEADERS = {
    401: ("WWW-Authenticate", "Sempre ApiKey", {"type": "string", "const": "ApiKey"}),
    405: ("Allow", "Métodos atendidos", {"type": "string"}),
    429: ("Retry-After", "Segundos a aguardar", {"type": "integer", "minimum": 1}),
}
_MEMBERS: dict[str, dict[str, Any]] = {
    "idcStatusRequisicao": {"type": "integer", "enum": [SUCCESS, FAILURE], "description": "1 sucesso, 2 erro"},
    "desStatusRequisicao": {"type": "string", "description": "Descrição do status"},
    "emailIndisponibilidade": {
        "type": "string",
        "maxLength": 50,
        "description": "E-mail a avisar quando a API está indisponível",
    },
    "mensagem": {"type": "string", "description": "Vazia em caso de sucesso"},
}


def document(routers: Sequence[APIRouter], contracts: Mapping[str, Contract], servers: Sequence[str]) -> dict[str, Any]:
    """The document of the operations of these routers, each in the contract that its manner names."""
    routes = [context for router in routers for context in iter_route_contexts(router.routes)]
    whole = get_openapi(
        title="RADAR: API da distribuidora",
        version="4.0.0",
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=routes,
        servers=[{"url": server} for server in servers],
    )
    whole["security"] = [{"ApiKeyAuth": []}]
    whole["components"] = {"securitySchemes": {"ApiKeyAuth": _KEY}, "schemas": {}}
    for route in routes:
        rules = rules_of(route.endpoint)
        assert rules is not None and rules.manner is not None, "an operation without a contract"
        name = f"Resposta{rules.manner.title().replace('.', '')}"
        described = whole["paths"][route.path]["get"]
        contract = contracts[rules.manner]
        schema = _schema(contract, described.pop(CONTENT, {}))
        whole["components"]["schemas"][name] = schema
        described["responses"] = _responses(contract, name, described.pop(SAMPLE, contract.shape.empty))
    return whole


def _schema(contract: Contract, content: dict[str, Any]) -> dict[str, Any]:
    members = contract.members(SUCCESS, GRANTED, None)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(members),
        "properties": {name: _MEMBERS.get(name, content) for name in members},
    }


def _responses(contract: Contract, name: str, sample: Any) -> dict[str, Any]:
    refused = {
        status: [words for _, _, words in group] for status, group in groupby(REFUSALS, lambda refusal: refusal[1])
    }
    examples = {"sucesso": {"value": contract.members(SUCCESS, GRANTED, sample)}} | _examples(contract, [FAILED])
    found = {"200": _response("Consulta atendida, ou erro com idcStatusRequisicao 2", name, examples)}
    for status, reason in _REASONS.items():
        found[str(status)] = _response(reason, name, _examples(contract, refused[status]))
    for status, (header, words, schema) in _HEADERS.items():
        found[str(status)]["headers"] = {header: {"description": words, "schema": schema}}
    return found


def _examples(contract: Contract, refused: Sequence[Any]) -> dict[str, Any]:
    return {
        f"erro{number}": {"summary": words.message, "value": contract.members(FAILURE, words, contract.shape.empty)}
        for number, words in enumerate(refused, 1)
    }


def _response(reason: str, name: str, examples: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": reason, "content": {"application/json": {"schema": schema, "examples": examples}}}
