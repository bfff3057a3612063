"""What the store declares of itself."""

from pathlib import Path

from esteio.manifest import Manifest
from esteio.services.store import errors
from esteio.services.store.settings import StoreSettings
from esteio.services.store.upstream import FAKESTORE

MANIFEST = Manifest(
    name="store",
    title="Store",
    permissions={"favorites:admin": "see and manage the favourites of every user"},
    settings=StoreSettings,
    errors=(errors.FavoriteExists,),
    upstreams=(FAKESTORE,),
    migrations=Path(__file__).parent / "migrations",
)
