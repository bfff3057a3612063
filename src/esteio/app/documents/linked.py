"""The closed list of files that pages link: our own, and those of Swagger UI from the package that carries it."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from fastapi import Request, Response

from esteio.app.documents.kept import REVALIDATE, Kept
from esteio.base.errors import NotFound, StartRefused

_OWN = Path(__file__).parents[1] / "assets"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_UNCHANGING = "public, max-age=31536000, immutable"
_SWAGGER_PACKAGE = "fastapi_swagger"


class Linked:
    """Files by name. An address with the file's digest may be kept for a year, one without is asked about again."""

    def __init__(self, prefix: str, *, swagger_ui: bool) -> None:
        self._prefix = prefix
        folders = {"page.css": _OWN, "icon.svg": _OWN}
        if swagger_ui:
            folders |= {"swagger.css": _OWN, "swagger.js": _OWN}
            folders |= dict.fromkeys(("swagger-ui.css", "swagger-ui-bundle.js"), _swagger_folder())
        self._kept = {name: _kept(folder / name) for name, folder in folders.items()}

    def address(self, name: str) -> str:
        """Where a page finds the file; it changes with the bytes."""
        return f"{self._prefix}/docs/assets/{name}?v={self._kept[name].digest()}"

    async def answer(self, name: str, request: Request) -> Response:
        """Raises `NotFound` for every name that is not in the list."""
        kept = self._kept.get(name)
        if kept is None:
            raise NotFound
        named = request.query_params.get("v")
        return await kept.answer(request, _UNCHANGING if named and named == kept.digest() else REVALIDATE)


def _kept(path: Path) -> Kept:
    read: Callable[[], bytes] = partial(Path.read_bytes, path)
    return Kept(read, _MEDIA_TYPES[path.suffix])


def _swagger_folder() -> Path:
    """Where Swagger UI's own files lie. The package that carries them is found, never imported."""
    found = find_spec(_SWAGGER_PACKAGE)
    for folder in (found.submodule_search_locations if found else None) or ():
        return Path(folder) / "resources"
    raise StartRefused(
        "Swagger UI is on, but the package fastapi-swagger that carries it is not installed: "
        "install it or set ESTEIO_HTTP__SWAGGER_UI=false."
    )
