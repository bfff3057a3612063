"""The services that are shipped: the only place that opens the door to them."""

from esteio.manifest import Manifest
from esteio.services.capsules.manifest import MANIFEST as CAPSULES
from esteio.services.outages.manifest import MANIFEST as OUTAGES
from esteio.services.pets.manifest import MANIFEST as PETS
from esteio.services.petstory.manifest import MANIFEST as PETSTORY
from esteio.services.store.manifest import MANIFEST as STORE

SHIPPED: tuple[Manifest, ...] = (PETS, OUTAGES, STORE, PETSTORY, CAPSULES)
