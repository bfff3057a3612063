"""The file that the page links."""

from esteio.http.assets import Assets

ASSETS = Assets("esteio.services.outages", "/outages/assets", {"outages.css": "text/css"})
