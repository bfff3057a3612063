"""All routes as one table: one look-up finds an operation, its rules and its path parameters.

The gate has to know a route before it may be reached (who may, how often), so the look-up is made once, first, and the
last step calls the operation that was found. Cost: one dictionary access for a fixed path, one walk over the segments
for a path with parameters, whatever the number of routes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.routing import iter_route_contexts
from prometheus_client import Histogram
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from esteio.http.calls import call_of
from esteio.http.rules import Rules, rules_of


@dataclass(slots=True)
class Operation:
    """One method of one path, written as OpenAPI writes it. `version` is `v1`, `v2` or empty for what has no version;
    with `takes_rest` the last parameter is all that is left of an address, slashes included.
    """

    method: str
    path: str
    version: str
    rules: Rules
    app: ASGIApp
    endpoint: Any
    names: tuple[str, ...] = ()
    takes_json: bool = False
    takes_rest: bool = False
    timers: dict[int, Histogram] = field(default_factory=dict)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    any: "_Node | None" = None
    takes_rest: bool = False
    operations: dict[str, Operation] = field(default_factory=dict)


REST = ":path}"
NO_PARAMETERS: dict[str, str] = {}


class RouteTable:
    """Built once from the routes of an application; `find` is the only thing that the gate calls."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._exact: dict[str, dict[str, Operation]] = {}
        self._root = _Node()
        self._all: list[Operation] = []
        for operation in _operations(routes):
            self._add(operation)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def find(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], Sequence[str]]:
        """The operation, its path parameters, and the methods that the path allows when the asked one is missing."""
        values: list[str] = []
        methods = self._exact.get(path) or self._walk(path, values)
        if not methods:
            return None, NO_PARAMETERS, ()
        operation = methods.get(method) or (_headed(methods) if method == "HEAD" else None)
        if operation is None:
            return None, NO_PARAMETERS, _allowed(methods)
        return operation, dict(zip(operation.names, values, strict=True)) if values else NO_PARAMETERS, ()

    def manner(self, path: str) -> str | None:
        """The manner of the operations at a path, also for methods that it does not have."""
        methods = self._exact.get(path) or self._walk(path, [])
        return next((operation.rules.manner for operation in methods.values()), None)

    def _add(self, operation: Operation) -> None:
        self._all.append(operation)
        if "{" not in operation.path:
            self._exact.setdefault(operation.path, {}).setdefault(operation.method, operation)
            return
        node = self._root
        segments = operation.path.split("/")
        for position, segment in enumerate(segments, 1):
            if not segment.startswith("{"):
                node = node.fixed.setdefault(segment, _Node())
                continue
            node.takes_rest = node.takes_rest or (operation.takes_rest and position == len(segments))
            node.any = node.any or _Node()
            node = node.any
        node.operations.setdefault(operation.method, operation)

    def _walk(self, path: str, values: list[str]) -> dict[str, Operation]:
        node = self._root
        segments = path.split("/")
        for position, segment in enumerate(segments):
            following = node.fixed.get(segment)
            if following is None:
                following = node.any
                if following is None or not segment:
                    return {}
                if node.takes_rest:
                    values.append("/".join(segments[position:]))
                    return following.operations
                values.append(segment)
            node = following
        return node.operations


def _headed(methods: dict[str, Operation]) -> Operation | None:
    operation = methods.get("GET")
    return operation if operation is not None and operation.rules.manner is None else None


def _allowed(methods: dict[str, Operation]) -> list[str]:
    return sorted({*methods, "OPTIONS", *(("HEAD",) if _headed(methods) else ())})


def _operations(routes: Sequence[BaseRoute]) -> Iterator[Operation]:
    for context in iter_route_contexts(routes):
        path = context.path
        if path is None or context.methods is None:
            continue
        rules = rules_of(context.endpoint) or Rules()
        for method in sorted(context.methods - {"HEAD"}):
            yield Operation(
                method=method,
                path=path.replace(REST, "}"),
                version=_version(path),
                rules=rules,
                app=call_of(context),
                endpoint=context.endpoint,
                names=_names(path),
                takes_json=getattr(context, "body_field", None) is not None,
                takes_rest=path.endswith(REST),
            )


def _names(path: str) -> tuple[str, ...]:
    return tuple(segment.strip("{}").partition(":")[0] for segment in path.split("/") if segment.startswith("{"))


def _version(path: str) -> str:
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1] == "api" and parts[2][:1] == "v" else ""
