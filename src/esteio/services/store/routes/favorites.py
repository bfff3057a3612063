"""Favourites: plain in v1, in the envelope in v2."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from esteio.auth.caller import Caller
from esteio.base.principal import Principal
from esteio.http.answers import Answer, Link, NoContent, dumps
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, row_etag, version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.listing import Listing
from esteio.http.rules import AUTHENTICATED, Cached, rules
from esteio.http.sessions import Session
from esteio.services.store import favorites, use_cases
from esteio.services.store.favorite_bodies import FavoriteView
from esteio.services.store.favorites import Row
from esteio.services.store.ownership import account_of, owner_for
from esteio.services.store.routes.wishes import (
    Asked,
    FavoriteId,
    NewWish,
    OtherWish,
    Replacement,
    Skipped,
)
from esteio.services.store.use_cases import Wish

V1, V2 = "/api/v1/favorites", "/api/v2/favorites"
_LISTING = Listing("favorites", V2, favorites.FAVORITES)
FRESH = Cached(seconds=5, tags=("favorite", "product"))

v1 = APIRouter(prefix="/favorites", tags=["favorites"])
v2 = APIRouter(prefix="/favorites", tags=["favorites"])


@v1.get("", summary="List favourites", response_model=list[FavoriteView])
@rules(AUTHENTICATED, cached=FRESH)
async def list_first(request: Request, asked: Skipped) -> Answer:
    """The caller's own; with favorites:admin everybody's, or those of `user_id`."""
    caller = _caller(request)
    rows = await favorites.FAVORITES.skipping(
        house_of(request).database,
        caller.tenant,
        filters=asked.filters(owner_for(caller, asked.user_id)),
        sort_by=asked.sort_by or "created_at",
        sort_order=asked.sort_order or "asc",
        skip=asked.skip,
        limit=asked.limit,
    )
    return Answer(rows, etag=_list_tag(rows, "v1"))


@v2.get("", summary="List favourites", response_model=Envelope[list[FavoriteView]])
@rules(AUTHENTICATED, cached=FRESH)
async def list_pages(request: Request, asked: Asked) -> Answer:
    """The caller's own; with favorites:admin everybody's, or those of `user_id`.

    Pages by `page` and `per_page`, or by `cursor` and `limit`, whose cost does not grow with depth.
    """
    caller = _caller(request)
    listed = await _LISTING.page(
        house_of(request), caller.tenant, asked, lambda wanted: wanted.filters(owner_for(caller, wanted.user_id))
    )
    return Answer(listed.rows, etag=_list_tag(listed.rows, *listed.variant), links=listed.links, meta=listed.meta)


@v1.post("", status_code=201, summary="Like a product", response_model=FavoriteView)
@rules(AUTHENTICATED, idempotent=True, errors=(404, 409, 503))
async def add_plain(request: Request, wish: NewWish, caller: Caller, session: Session) -> Answer:
    """One that was taken back is there again, with the same id and the new values. 409 for one that is there.

    404 for a product that the shop does not have; 503 where the shop would have to be asked and does not answer.
    """
    return _plain(await _add(request, wish, caller, session), status=201)


@v2.post("", status_code=201, summary="Like a product", response_model=Envelope[FavoriteView])
@rules(AUTHENTICATED, idempotent=True, errors=(404, 409, 503))
async def add_enveloped(request: Request, wish: NewWish, caller: Caller, session: Session) -> Answer:
    """One that was taken back is there again, with the same id and the new values. 409 for one that is there.

    404 for a product that the shop does not have; 503 where the shop would have to be asked and does not answer.
    """
    return _enveloped(await _add(request, wish, caller, session), status=201)


async def _add(request: Request, wish: Wish, caller: Principal, session: Session) -> FavoriteView:
    return await use_cases.add_favorite(
        caller=caller, session=session, clock=house_of(request).clock, owner=account_of(caller), wish=wish
    )


@v1.get("/{favorite_id}", summary="Read a favourite", response_model=FavoriteView)
@rules(AUTHENTICATED, cached=FRESH)
async def read_plain(request: Request, favorite_id: FavoriteId) -> Answer:
    """With its ETag. Those of others are not found, save with favorites:admin."""
    return _plain(FavoriteView.model_validate(await _read(request, favorite_id)))


@v2.get("/{favorite_id}", summary="Read a favourite", response_model=Envelope[FavoriteView])
@rules(AUTHENTICATED, cached=FRESH)
async def read_enveloped(request: Request, favorite_id: FavoriteId) -> Answer:
    """With its ETag. Those of others are not found, save with favorites:admin."""
    return _enveloped(FavoriteView.model_validate(await _read(request, favorite_id)))


async def _read(request: Request, favorite_id: UUID) -> Row:
    caller = _caller(request)
    owner = owner_for(caller)
    return await favorites.one_favorite(house_of(request).database, caller.tenant, favorite_id, owner=owner)


@v1.put("/{favorite_id}", summary="Replace a favourite", response_model=FavoriteView)
@rules(AUTHENTICATED, precondition="accepted", errors=(409, 503))
async def replace_plain(request: Request, other: OtherWish, caller: Caller, session: Session) -> Answer:
    """Product, review and rating. 409 when its user has a favourite of the new product."""
    return _plain(await _replace(request, other, caller, session))


@v2.put("/{favorite_id}", summary="Replace a favourite", response_model=Envelope[FavoriteView])
@rules(AUTHENTICATED, precondition="accepted", errors=(409, 503))
async def replace_enveloped(request: Request, other: OtherWish, caller: Caller, session: Session) -> Answer:
    """Product, review and rating. 409 when its user has a favourite of the new product."""
    return _enveloped(await _replace(request, other, caller, session))


async def _replace(request: Request, other: Replacement, caller: Principal, session: Session) -> FavoriteView:
    return await use_cases.replace_favorite(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        favorite_id=other.favorite_id,
        owner=other.owner,
        expected=_expected(request),
        wish=other.wish,
    )


@v1.delete("/{favorite_id}", status_code=204, summary="Take a favourite back", response_class=NoContent)
@v2.delete("/{favorite_id}", status_code=204, summary="Take a favourite back", response_class=NoContent)
@rules(AUTHENTICATED, precondition="accepted")
async def remove(request: Request, favorite_id: FavoriteId, caller: Caller, session: Session) -> Answer:
    """Liking the product again brings it back."""
    await use_cases.remove_favorite(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        favorite_id=favorite_id,
        owner=owner_for(caller),
        expected=_expected(request),
    )
    return NoContent()


def _caller(request: Request) -> Principal:
    return exchange_of(request.scope).principal


def _expected(request: Request) -> int | None:
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))


def _plain(favorite: FavoriteView, *, status: int = 200) -> Answer:
    location = f"{V1}/{favorite.id}" if status == 201 else None
    return Answer(favorite, status=status, etag=_tag(favorite, "v1"), location=location)


def _enveloped(favorite: FavoriteView, *, status: int = 200) -> Answer:
    where = f"{V2}/{favorite.id}"
    location = where if status == 201 else None
    return Answer(favorite, status=status, etag=_tag(favorite), links=[Link(where, "self")], location=location)


def _tag(favorite: FavoriteView, *variant: str) -> str:
    """The product is shown within, so that its changes are changes of what is answered."""
    return row_etag(favorite.version, *variant, dumps(favorite.product).decode())


def _list_tag(rows: Sequence[Row], *variant: Any) -> str:
    return list_etag(((row["id"], row["version"]) for row in rows), [row["product"] for row in rows], *variant)
