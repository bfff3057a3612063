"""The pages for people, and what they link: the shop, which browsers run, and what needs no script."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT
from esteio.http.exchange import exchange_of
from esteio.http.files import stored_file
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.services.petstory import queries, tributes
from esteio.services.petstory.addresses import PAGES, Addresses
from esteio.services.petstory.links import read
from esteio.services.petstory.pages.front import front
from esteio.services.petstory.pages.linked import ASSETS
from esteio.services.petstory.pages.missing import missing_page
from esteio.services.petstory.pages.order import drawn_order
from esteio.services.petstory.pages.shop import drawn_shop
from esteio.services.petstory.pages.tribute import tribute_page
from esteio.services.petstory.pages.words import language_of
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tributes import Tribute
from esteio.services.petstory.views import order_view

READ = ("petstory.read",)
PUBLIC = frozenset(
    {
        f"GET {PAGES}",
        f"GET {PAGES}/orders/{{link}}",
        f"GET {PAGES}/tributes/{{link}}",
        f"GET {PAGES}/tributes/{{link}}/{{art_id}}",
        f"GET {PAGES}/assets/{{name}}",
    }
)
_PICTURE = "private, max-age=3600"
_UNKEPT = {"cache-control": "private, no-store", "x-robots-tag": "noindex, nofollow"}

router = APIRouter(prefix=PAGES, include_in_schema=False)
Token = Annotated[str, Path(max_length=200)]


@router.get("")
@rules(limits=READ, anonymous_limits=READ, csp="page")
async def show_shop(request: Request) -> Response:
    """Where orders begin."""
    house, headers = house_of(request), exchange_of(request.scope).headers
    section: PetstorySettings = house.settings["petstory"]
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    drawn, prefix = drawn_shop(language, section.price, section.currency), _prefix(request)
    answer = front(house.parts["shells"], request, drawn, prefix=prefix)
    answer.headers.update({"cache-control": "no-cache", "content-language": language, "vary": "Accept-Language"})
    return answer


@router.get("/orders/{link}")
@rules(limits=READ, anonymous_limits=READ, csp="page")
async def show_order(request: Request, link: Token) -> Response:
    """The order of a secret link. What Mercado Pago adds to the address of who comes back says nothing here."""
    return await _page(request, lambda: _order(request, link))


@router.get("/tributes/{link}")
@rules(limits=READ, anonymous_limits=READ, csp="page")
async def show_tribute(request: Request, link: Token) -> Response:
    """The page behind a book's QR code."""

    async def drawn() -> Response:
        page = tribute_page(await _tribute(request, link), link, prefix=_prefix(request))
        return Response(page, media_type="text/html")

    return await _page(request, drawn)


@router.get("/tributes/{link}/{art_id}")
@rules(limits=READ, anonymous_limits=READ, csp="page", streams=True)
async def show_picture(request: Request, link: Token, art_id: UUID) -> Response:
    """A picture of that page, as long as the page shows it."""
    tribute = await _tribute(request, link)
    file = await tributes.picture_file(house_of(request).database, tribute, art_id)
    return stored_file(request, file, inline=True, cache=_PICTURE)


@router.get("/assets/{name}")
@rules(limits=(), csp="page")
async def linked_file(request: Request, name: str) -> Response:
    """A file of the pages. An address with its digest may be kept for a year, one without is asked about again."""
    return ASSETS.answer(request, name)


async def _page(request: Request, drawn: Callable[[], Awaitable[Response]]) -> Response:
    """The page, or for people one that says that there is none; whoever wants no HTML gets the usual refusal."""
    try:
        answer = await drawn()
    except NotFound:
        headers = exchange_of(request.scope).headers
        if b"text/html" not in headers.get(b"accept", b""):
            raise
        language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        page = missing_page(language, prefix=_prefix(request))
        said = {**_UNKEPT, "content-language": language, "vary": "Accept, Accept-Language"}
        return Response(page, 404, media_type="text/html", headers=said)
    answer.headers.update(_UNKEPT)
    return answer


async def _order(request: Request, token: str) -> Response:
    house, exchange = house_of(request), exchange_of(request.scope)
    if exchange.principal.tenant != DEFAULT_TENANT:
        raise NotFound
    row = await queries.order_of(house.database, read(house.resources.keyring, "order", token))
    view = order_view(row, Addresses(house.resources.keyring, exchange.base), house.clock.now())
    prefix = _prefix(request)
    return front(house.parts["shells"], request, drawn_order(view, token, prefix=prefix), prefix=prefix)


async def _tribute(request: Request, token: str) -> Tribute:
    house = house_of(request)
    section: PetstorySettings = house.settings["petstory"]
    link = read(house.resources.keyring, "tribute", token)
    return await tributes.tribute_of(house.database, link, house.clock.now(), section.tribute_days)


def _prefix(request: Request) -> str:
    return urlsplit(exchange_of(request.scope).base).path.rstrip("/")
