"""Products in the envelope, which warns of what may be out of date."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from esteio.base.page import Direction, NumberedPage, Place
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.pagination import cursor_links, cursor_meta, cursor_page, numbered_links, numbered_meta
from esteio.http.rules import AUTHENTICATED, rules
from esteio.services.store.catalogue import Shown
from esteio.services.store.products import Product, array_of
from esteio.services.store.routes.products_asked import (
    FRESH,
    PATH,
    Paged,
    ProductId,
    ProductsPaged,
    catalogue_of,
    provenance,
    tag_of,
    warnings_of,
)
from esteio.services.store.schemas import ProductView

BASE = f"/api/v2{PATH}"

router = APIRouter(prefix=PATH, tags=["products"])


@router.get("", summary="List products", response_model=Envelope[list[ProductView]])
@rules(AUTHENTICATED, cached=FRESH, errors=(503,))
async def list_products(request: Request, asked: Paged) -> Answer:
    """Pages by `page` and `per_page`, or by `cursor` and `limit`. `X-Cache` says where the products come from."""
    by_cursor = asked.by_cursor()
    place = _place(request, asked)
    shown = await catalogue_of(request).products()
    if by_cursor:
        return _cursor_page(request, asked, place, shown)
    rows = asked.selection().of(shown.value)
    number, size = asked.page or 1, asked.per_page or 20
    page = NumberedPage(rows[(number - 1) * size : number * size], len(rows), number, size)
    return _listed(request, shown, page.rows, numbered_links(BASE, asked.said(), page), numbered_meta(page))


@router.get("/{product_id}", summary="Read a product", response_model=Envelope[ProductView])
@rules(AUTHENTICATED, cached=FRESH, errors=(503,))
async def read_product(request: Request, product_id: ProductId) -> Answer:
    """One product of the shop outside."""
    shown = await catalogue_of(request).product(product_id)
    exchange_of(request.scope).warnings = (*exchange_of(request.scope).warnings, *warnings_of(shown))
    data = shown.value.json
    links = [Link(f"{BASE}/{product_id}", "self")]
    return Answer(data, etag=tag_of(data, "v2"), links=links, **provenance(request, shown))


def _place(request: Request, asked: ProductsPaged) -> Place | None:
    if not asked.cursor:
        return None
    tenant = exchange_of(request.scope).principal.tenant
    return house_of(request).cursors.read(asked.cursor, "products", tenant, asked.said())


def _cursor_page(
    request: Request, asked: ProductsPaged, place: Place | None, shown: Shown[Sequence[Product]]
) -> Answer:
    wanted = ProductsPaged.model_validate(place.query) if place else asked
    selection, limit = wanted.selection(), asked.limit or 20
    rows, more = selection.from_place(selection.of(shown.value), place, limit)

    def cursor(row: Product, direction: Direction) -> str:
        tenant = exchange_of(request.scope).principal.tenant
        there = selection.place_of(row, direction, wanted.said())
        return house_of(request).cursors.write(there, "products", tenant)

    page = cursor_page(rows, limit, place=place, more=more, cursor=cursor)
    again = {} if asked.cursor else asked.said()
    return _listed(request, shown, rows, cursor_links(BASE, again, page), cursor_meta(page))


def _listed(
    request: Request,
    shown: Shown[Sequence[Product]],
    rows: Sequence[Product],
    links: Sequence[Link],
    meta: dict[str, Any],
) -> Answer:
    exchange = exchange_of(request.scope)
    exchange.warnings = (*exchange.warnings, *warnings_of(shown))
    data = array_of(rows)
    return Answer(data, etag=tag_of(data, meta), links=links, meta=meta, **provenance(request, shown))
