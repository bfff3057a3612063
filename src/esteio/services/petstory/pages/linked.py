"""The files that the pages link."""

from esteio.http.assets import Assets
from esteio.services.petstory.addresses import PAGES

ASSETS = Assets("esteio.services.petstory", f"{PAGES}/assets", {"petstory.css": "text/css"})
