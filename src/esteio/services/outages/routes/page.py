"""The page for the public, and the files that it links."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response

from esteio.http.exchange import exchange_of
from esteio.http.rules import rules
from esteio.services.outages.page.drawing import page
from esteio.services.outages.page.linked import ASSETS
from esteio.services.outages.page.words import WORDS, language_of
from esteio.services.outages.routes.summary import shown_to

PUBLIC = frozenset({"GET /outages", "GET /outages/assets/{name}"})

router = APIRouter(include_in_schema=False)


@router.get("/outages")
@rules(limits=("default",), anonymous_limits=("outages.summary",), csp="page")
async def show_outages(
    request: Request,
    lang: Annotated[Literal["pt", "en"] | None, Query(description="The browser's language unless said")] = None,
) -> Response:
    """In Portuguese, or in English. It needs no script; with it, it keeps itself fresh."""
    exchange = exchange_of(request.scope)
    language = language_of(lang, exchange.headers.get(b"accept-language", b"").decode("latin-1"))
    shown = await shown_to(request)
    prefix = urlsplit(exchange.base).path.rstrip("/")
    drawn = page(
        shown.view,
        WORDS[language],
        "pt" if language == "en" else "en",
        stale=shown.origin is not None,
        prefix=prefix,
        address=lambda name: ASSETS.address(prefix, name),
    )
    headers = {"cache-control": "no-cache", "content-language": WORDS[language].tag, "vary": "Accept-Language"}
    return Response(drawn, media_type="text/html", headers=headers)


@router.get("/outages/assets/{name}")
@rules(limits=(), csp="page")
async def linked(request: Request, name: str) -> Response:
    """A file of the page. An address with its digest may be kept for a year, one without is asked about again."""
    return ASSETS.answer(request, name)
