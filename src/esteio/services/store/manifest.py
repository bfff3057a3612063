"""What the store declares of itself."""

from pathlib import Path

from fastapi import APIRouter

from esteio.manifest import Manifest
from esteio.services.store import errors, events
from esteio.services.store.catalogue import Catalogue
from esteio.services.store.channels import CHANNELS
from esteio.services.store.jobs import JOBS
from esteio.services.store.ownership import EVERYBODYS
from esteio.services.store.routes import account, favorites, products_v1, products_v2
from esteio.services.store.settings import StoreSettings
from esteio.services.store.upstream import FAKESTORE


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole


MANIFEST = Manifest(
    name="store",
    title="Store",
    routers={
        "v1": _together(products_v1.router, favorites.v1, account.account, account.members),
        "v2": _together(products_v2.router, favorites.v2),
    },
    public=account.PUBLIC,
    permissions={EVERYBODYS: "see and manage the favourites of every user"},
    settings=StoreSettings,
    errors=(errors.FavoriteExists,),
    events=events.ALL,
    upstreams=(FAKESTORE,),
    jobs=JOBS,
    channels=CHANNELS,
    part=Catalogue,
    migrations=Path(__file__).parent / "migrations",
)
