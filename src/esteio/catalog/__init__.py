"""The services that are shipped: the only place that opens the door to them."""

from esteio.manifest import Manifest
from esteio.services.pets.manifest import MANIFEST as PETS

SHIPPED: tuple[Manifest, ...] = (PETS,)
