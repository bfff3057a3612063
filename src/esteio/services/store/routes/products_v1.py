"""Products as old clients parse them: plain arrays and objects, `skip` and `limit`."""

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.rules import AUTHENTICATED, rules
from esteio.services.store.products import array_of
from esteio.services.store.routes.products_asked import (
    FRESH,
    PATH,
    ProductId,
    Skipped,
    catalogue_of,
    provenance,
    tag_of,
)
from esteio.services.store.schemas import ProductView

router = APIRouter(prefix=PATH, tags=["products"])


@router.get("", summary="List products", response_model=list[ProductView])
@rules(AUTHENTICATED, cached=FRESH, errors=(503,))
async def list_products(request: Request, asked: Skipped) -> Answer:
    """The products of the shop outside. `X-Cache` says where they come from, `Age` how old they are."""
    shown = await catalogue_of(request).products()
    chosen = asked.selection().of(shown.value)[asked.skip : asked.skip + asked.limit]
    data = array_of(chosen)
    return Answer(data, etag=tag_of(data), **provenance(request, shown))


@router.get("/{product_id}", summary="Read a product", response_model=ProductView)
@rules(AUTHENTICATED, cached=FRESH, errors=(503,))
async def read_product(request: Request, product_id: ProductId) -> Answer:
    """One product of the shop outside."""
    shown = await catalogue_of(request).product(product_id)
    return Answer(shown.value.json, etag=tag_of(shown.value.json), **provenance(request, shown))
