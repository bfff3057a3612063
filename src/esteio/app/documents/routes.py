"""The routes of the pages for people and of the OpenAPI documents. All are public and cost no quota."""

from collections.abc import Awaitable, Callable, Iterable
from types import MethodType

from fastapi import APIRouter, Request, Response

from esteio.app.documents.pages import VERSIONS, Pages
from esteio.http.routing import Operation
from esteio.http.rules import rules
from esteio.http.settings import HttpSettings

_page = rules(limits=(), csp="page")
_data = rules(limits=())


def documents_router(
    *,
    release: str,
    settings: HttpSettings,
    document: Callable[[str], bytes],
    operations: Callable[[], Iterable[Operation]],
    name: str = "Esteio",
) -> APIRouter:
    """The router, to be mounted at the root; its public operations are `PUBLIC`.

    document: the bytes of the OpenAPI document of `v1` or `v2`, asked for once per version and reader, in a thread.
    operations: all operations of the application, asked for once. Both are asked at the first request, not before.
    Raises `StartRefused` when Swagger UI is on and the package that carries it is missing.
    """
    pages = Pages(name=name, release=release, settings=settings, document=document, operations=operations)
    routes = _Routes(pages)
    router = APIRouter(include_in_schema=False)
    for path, endpoint in _TABLE.items():
        router.add_api_route(path, MethodType(endpoint, routes), methods=["GET"])
    return router


class _Routes:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @_page
    async def landing(self, request: Request) -> Response:
        return await self._pages.landing.answer(request)

    @_page
    async def reader(self, request: Request, version: str = VERSIONS[0]) -> Response:
        return await self._pages.reader(version).answer(request)

    @_page
    async def reference(self, request: Request, version: str = VERSIONS[0]) -> Response:
        return await self._pages.reference(version).answer(request)

    @_page
    async def linked(self, request: Request, name: str) -> Response:
        return await self._pages.linked.answer(name, request)

    @_page
    async def deprecations(self, request: Request) -> Response:
        return await self._pages.deprecations.answer(request)

    @_page
    async def errors(self, request: Request) -> Response:
        return await self._pages.errors.answer(request)

    @_page
    async def error(self, request: Request, slug: str) -> Response:
        return await self._pages.error(slug).answer(request)

    @_data
    async def document_v1(self, request: Request) -> Response:
        return await self._pages.documents["v1"].answer(request)

    @_data
    async def document_v2(self, request: Request) -> Response:
        return await self._pages.documents["v2"].answer(request)


_TABLE: dict[str, Callable[..., Awaitable[Response]]] = {
    "/": _Routes.landing,
    "/docs": _Routes.reader,
    "/docs/assets/{name}": _Routes.linked,
    "/docs/deprecations": _Routes.deprecations,
    "/redoc": _Routes.reference,
    "/errors": _Routes.errors,
    "/errors/{slug}": _Routes.error,
    "/api/v1/openapi.json": _Routes.document_v1,
    "/api/v2/openapi.json": _Routes.document_v2,
}
PUBLIC = frozenset(f"GET {path}" for path in _TABLE)
"""As a manifest's `public` names them."""
