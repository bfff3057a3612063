"""FakeStoreAPI, played: its routes and oddities over products, carts and users of our own.

`running_fakestore` runs it in this process, `esteio standin fakestore` as one of its own.
"""

from esteio.standins.fakestore.running import Shop, running_fakestore
from esteio.standins.fakestore.site import FakeStore

__all__ = ["FakeStore", "Shop", "running_fakestore"]
