"""The page for the public, and the files that it links."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response

from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.services.outages.page.drawing import content
from esteio.services.outages.page.front import Drawn, front
from esteio.services.outages.page.linked import ASSETS
from esteio.services.outages.page.words import WORDS, Language, language_of
from esteio.services.outages.routes.summary import shown_to

PUBLIC = frozenset({"GET /outages", "GET /outages/assets/{name}"})

router = APIRouter(include_in_schema=False)


@router.get("/outages")
@rules(limits=("default",), anonymous_limits=("outages.summary",), csp="page")
async def show_outages(
    request: Request,
    lang: Annotated[Literal["pt", "en"] | None, Query(description="The browser's language unless said")] = None,
) -> Response:
    """In Portuguese, or in English. It needs no script; with one, it can be sorted and follows what is reported."""
    exchange = exchange_of(request.scope)
    language = language_of(lang, exchange.headers.get(b"accept-language", b"").decode("latin-1"))
    words = WORDS[language]
    shown = await shown_to(request)
    prefix = urlsplit(exchange.base).path.rstrip("/")
    other: Language = "pt" if language == "en" else "en"
    drawn = content(shown.view, words, other, stale=shown.origin is not None, prefix=prefix)
    answer = front(house_of(request).parts["shells"], request, Drawn(drawn, shown.data), words, prefix=prefix)
    answer.headers.update({"cache-control": "no-cache", "content-language": words.tag, "vary": "Accept-Language"})
    return answer


@router.get("/outages/assets/{name}")
@rules(limits=(), csp="page")
async def linked(request: Request, name: str) -> Response:
    """A file of the page. An address with its digest may be kept for a year, one without is asked about again."""
    return ASSETS.answer(request, name)
