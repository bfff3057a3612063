"""Where the console is, and the files that all built pages link. All are public: the API knows who may see what."""

from fastapi import APIRouter, Request, Response

from esteio.base.errors import NotFound
from esteio.console.built import linked
from esteio.console.shells import Shells
from esteio.http.coding import takes_gzip
from esteio.http.exchange import exchange_of
from esteio.http.rules import rules

PUBLIC = frozenset({"GET /console", "GET /console/", "GET /console/assets/{name}", "GET /console/{path}"})
_UNCHANGING = "public, max-age=31536000, immutable"


def console_router(shells: Shells, *, shown: bool) -> APIRouter:
    """The router, to be mounted at the root; its public operations are `PUBLIC`.

    Where the console is not `shown`, its address is a 404; the files are there for the other pages.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/console")
    @router.get("/console/")
    @router.get("/console/{path:path}")
    @rules(limits=(), csp="page")
    async def show_console(request: Request) -> Response:
        """One page for all addresses below: which part of it is shown is decided in the browser."""
        if not shown:
            raise NotFound
        return shells.answer(request, "console")

    @router.get("/console/assets/{name}")
    @rules(limits=(), csp="page")
    async def show_linked(request: Request, name: str) -> Response:
        """A file that a page links, for good: another build has other names. Raises `NotFound` for unknown names."""
        found = linked().get(name)
        if found is None:
            raise NotFound
        headers = {"cache-control": _UNCHANGING, "vary": "Accept-Encoding"}
        accepted = exchange_of(request.scope).headers.get(b"accept-encoding", b"").decode("latin-1")
        if found.zipped is not None and takes_gzip(accepted):
            return Response(found.zipped, media_type=found.media_type, headers=headers | {"content-encoding": "gzip"})
        return Response(found.body, media_type=found.media_type, headers=headers)

    return router
