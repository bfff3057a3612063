"""Endpoints that answer at two addresses: in the envelope under `/api/v2`, and as plain JSON at the root."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter

from esteio.http.envelope import Envelope


class Twice:
    """`v2` and `root` are its routers."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.v2 = APIRouter(prefix=prefix, tags=[tag])
        self.root = APIRouter(prefix=prefix, tags=[tag])

    def route(
        self, method: str, path: str, shape: Any, *, also: Mapping[int, Any] | None = None, **options: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Mount an endpoint. `shape` is what it answers, nothing for an empty body; `also` by further statuses."""

        def mount(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            for router, wrap in ((self.v2, _enveloped), (self.root, _plain)):
                others: dict[int | str, dict[str, Any]] = {
                    status: {"model": wrap(other)} for status, other in (also or {}).items()
                }
                options["response_model"] = wrap(shape) if shape is not None else None
                router.api_route(path, methods=[method], responses=others, **options)(endpoint)
            return endpoint

        return mount


def _enveloped(shape: Any) -> Any:
    return Envelope[shape]


def _plain(shape: Any) -> Any:
    return shape
