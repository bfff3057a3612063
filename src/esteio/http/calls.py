"""How an operation is called: FastAPI's way, and a short way for plain endpoints.

FastAPI solves the dependencies of a route anew for every request: exit stacks, a spare response, a look at each
member of a query model. Where a route has no dependencies there is nothing to solve, so its parameters are read as it
declared them and it is called: the same values and the same 422, for a tenth of the work.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from inspect import iscoroutinefunction
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_MANY = (list, tuple, set, frozenset)


def call_of(route: Any) -> ASGIApp:
    """The route as an application that expects what the gate has found out in the scope."""
    dependant: Dependant | None = getattr(route, "dependant", None)
    if dependant is not None and dependant.call is not None and _is_plain(dependant):
        return Plain(dependant.call, dependant)
    return Solved(route.app)


class Solved:
    """FastAPI's way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            # FastAPI closes uploaded files through this stack; its own middleware would set it.
            scope["fastapi_middleware_astack"] = stack
            await self._app(scope, receive, send)


class Plain:
    """The short way."""

    def __init__(self, endpoint: Callable[..., Awaitable[Response]], dependant: Dependant) -> None:
        self._endpoint = endpoint
        self._path = dependant.path_params
        self._query = dependant.query_params
        self._whole = self._query[0] if len(self._query) == 1 and _is_flat_model(self._query[0]) else None
        self._request = dependant.request_param_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        values = self._values(scope) if self._path or self._query else {}
        if self._request is not None:
            values[self._request] = Request(scope, receive, send)
        response = await self._endpoint(**values)
        await response(scope, receive, send)

    def _values(self, scope: Scope) -> dict[str, Any]:
        values, errors = request_params_to_args(self._path, scope["path_params"]) if self._path else ({}, [])
        text = scope["query_string"].decode("latin-1")
        if self._whole is not None:
            said = dict(parse_qsl(text, keep_blank_values=True)) if text else {}
            values[self._whole.name], wrong = self._whole.validate(said, {}, loc=("query",))
            errors += wrong
        elif self._query:
            found, wrong = request_params_to_args(self._query, QueryParams(text))
            values |= found
            errors += wrong
        if errors:
            raise RequestValidationError(errors)
        return values


def _is_plain(dependant: Dependant) -> bool:
    """Whether it is a coroutine that takes values of path and query, perhaps the request, and returns a response."""
    more = (
        dependant.dependencies
        or dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.websocket_param_name
        or dependant.http_connection_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
    )
    return not more and iscoroutinefunction(dependant.call) and _answers_itself(dependant.call)


def _answers_itself(endpoint: Callable[..., Any]) -> bool:
    returned = get_type_hints(endpoint).get("return")
    return isinstance(returned, type) and issubclass(returned, Response)


def _is_flat_model(field: Any) -> bool:
    """Whether the parameter is a model whose members take one value each, under their own names."""
    model = field.field_info.annotation
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return False
    members = model.model_fields.values()
    return not any(member.alias or member.validation_alias or _takes_many(member.annotation) for member in members)


def _takes_many(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, _MANY):
        return True
    return any(_takes_many(part) for part in get_args(annotation))
