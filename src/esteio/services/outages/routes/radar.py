"""Where the operations of ANEEL's contract are found: at the distributor's prefix, and always below `/radar`."""

from fastapi import APIRouter, Request, Response

from esteio.http.answers import dumps
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.document import document
from esteio.services.outages.routes import interruptions, siblings
from esteio.services.outages.settings import OutagesSettings

ALWAYS = "/radar"
DOCUMENT = "/openapi.json"
OPERATIONS = (interruptions.router, siblings.router)


def mounted(settings: OutagesSettings) -> APIRouter:
    """All operations, at each of their places, and beside them what describes them."""
    router = APIRouter()
    for prefix in _prefixes(settings):
        for operations in OPERATIONS:
            router.include_router(operations, prefix=prefix)
        if prefix:
            router.get(prefix + DOCUMENT, include_in_schema=False)(describe_contract)
    return router


def public(settings: OutagesSettings) -> frozenset[str]:
    """The operations that anybody may call."""
    return frozenset(f"GET {prefix}{DOCUMENT}" for prefix in _prefixes(settings) if prefix)


@rules(limits=())
async def describe_contract(request: Request) -> Response:
    """The OpenAPI document of the contract, at the public addresses under which it is answered here."""
    settings: OutagesSettings = house_of(request).settings["outages"]
    part: OutagesPart = house_of(request).parts["outages"]
    if part.described is None:
        servers = [exchange_of(request.scope).base + prefix for prefix in reversed(_prefixes(settings))]
        part.described = dumps(document(OPERATIONS, part.contracts, servers))
    return Response(part.described, media_type="application/json", headers={"cache-control": "no-cache"})


def _prefixes(settings: OutagesSettings) -> list[str]:
    return list(dict.fromkeys((ALWAYS, settings.prefix)))
