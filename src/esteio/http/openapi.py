"""One OpenAPI 3.1 document per version, completed from the rules: security, every refusal, headers, deprecation."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRouter, iter_route_contexts
from pydantic import BaseModel, TypeAdapter, create_model
from starlette.routing import BaseRoute

from esteio.base import errors
from esteio.http.envelope import Problem
from esteio.http.routing import Operation
from esteio.http.rules import AUTHENTICATED, rules_of
from esteio.http.times import rfc3339


class Told(Protocol):
    """A kind of fact that subscribers are told of."""

    @property
    def name(self) -> str: ...

    @property
    def data(self) -> type[BaseModel]: ...

    @property
    def summary(self) -> str: ...


SECURITY_SCHEMES: dict[str, Any] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "est_live_… or est_test_…"},
    "Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token from login"},
}
OAUTH = "OAuth2"

_ALWAYS = (400, 401, 403, 500, 503, 504)
_TITLES = {kind.status: kind.title for kind in reversed(errors.kinds()) if kind.__module__ == errors.__name__}
_HEADER_SCHEMAS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": ("The id of this request", {"type": "string"}),
    "X-RateLimit-Limit": ("Quota of the most constrained policy", {"type": "integer"}),
    "X-RateLimit-Remaining": ("What is left of it", {"type": "integer"}),
    "X-RateLimit-Reset": ("When more is to be had, in epoch seconds", {"type": "integer"}),
    "RateLimit": ("Structured field: what is left and for how long", {"type": "string"}),
    "RateLimit-Policy": ("Structured field: the policies", {"type": "string"}),
    "Quota": ("Structured field: how the tenant stands with what this takes of or gives back to", {"type": "string"}),
    "Retry-After": ("Seconds to wait", {"type": "integer", "minimum": 1}),
    "ETag": ("Strong tag of the resource", {"type": "string"}),
    "Location": ("Where the new resource is", {"type": "string"}),
    "WWW-Authenticate": ("How to authenticate", {"type": "string"}),
    "Idempotency-Replayed": ("Stands where the answer was given before", {"type": "string", "const": "true"}),
    "Deprecation": ("Since when the operation is deprecated, a structured-field date", {"type": "string"}),
    "Sunset": ("When the operation ends, an HTTP-date", {"type": "string"}),
    "Link": ("What the answer leads to (RFC 8288)", {"type": "string"}),
}

_SIGNED = (
    ("webhook-id", "The same over all retries and replays: what the message is recognised by"),
    ("webhook-timestamp", "Epoch seconds of this attempt"),
    ("webhook-signature", "Signatures (Standard Webhooks 1.0.0), several separated by blanks during a rotation"),
)


def document(
    version: str,
    *,
    routes: Sequence[BaseRoute],
    operations: Iterable[Operation],
    title: str,
    release: str,
    server: str,
    events: Sequence[Told] = (),
    scopes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The document of `v1` or `v2`. What has no version (`/auth/login`, `/livez`) stands in the newest one.

    Operations in the manner of somebody else's contract are left to the document of that contract. `scopes` are
    what an OAuth 2 client may hold, with what each allows.
    """
    chosen = [
        context
        for context in iter_route_contexts(routes)
        if _belongs(context.path or "", version) and not _is_foreign(context.endpoint)
    ]
    whole = get_openapi(
        title=title,
        version=release,
        openapi_version="3.1.0",
        routes=chosen,
        webhooks=_webhooks(events).routes if version == "v2" else None,
        servers=[{"url": server}],
    )
    whole.setdefault("webhooks", {})
    components = whole.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(_problem_schemas())
    components["securitySchemes"] = {**SECURITY_SCHEMES, OAUTH: _client_credentials(server, scopes or {})}
    components["headers"] = {
        name: {"description": words, "schema": schema} for name, (words, schema) in _HEADER_SCHEMAS.items()
    }
    rules = {(operation.path, operation.method.lower()): operation for operation in operations}
    for path, methods in whole["paths"].items():
        for method, described in methods.items():
            operation = rules.get((path, method))
            if operation is not None:
                _complete(described, operation)
    for methods in whole["webhooks"].values():
        for described in methods.values():
            described["responses"].pop("422", None)
            described["parameters"] = [_signed_header(name, words) for name, words in _SIGNED]
    return whole


def _webhooks(events: Sequence[Told]) -> APIRouter:
    """The facts that are told, as the requests that subscribers will receive."""
    router = APIRouter()
    for event in events:
        body = create_model(
            "".join(part.title() for part in event.name.replace("_", ".").split(".")) + "Event",
            type=(Literal[event.name], ...),  # type: ignore[arg-type]
            timestamp=(datetime, ...),
            data=(event.data, ...),
        )
        router.add_api_route(event.name, _receiver(body), methods=["POST"], summary=event.summary, status_code=204)
    return router


def _receiver(body: type[BaseModel]) -> Callable[..., Awaitable[None]]:
    async def receive(fact: Any) -> None:
        """Answer with any 2xx; the signature is in `webhook-signature` (Standard Webhooks)."""

    receive.__annotations__["fact"] = body
    return receive


def _belongs(path: str, version: str) -> bool:
    if path.startswith("/api/"):
        return path.startswith(f"/api/{version}/")
    return version == "v2"


def _is_foreign(endpoint: Any) -> bool:
    rules = rules_of(endpoint)
    return rules is not None and rules.manner is not None


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


def _client_credentials(server: str, scopes: Mapping[str, str]) -> dict[str, Any]:
    shown = {name: scopes[name] for name in sorted(scopes) if name != AUTHENTICATED}
    flow = {"tokenUrl": f"{server}/oauth/token", "scopes": shown}
    return {"type": "oauth2", "description": "For machines of others", "flows": {"clientCredentials": flow}}


def _scopes(permission: str) -> list[str]:
    """Every proved caller holds the one that is none."""
    return [] if permission == AUTHENTICATED else [permission]


def _complete(described: dict[str, Any], operation: Operation) -> None:
    rules = operation.rules
    if rules.permission is not None:
        described["security"] = [{"ApiKey": []}, {"Bearer": []}, {OAUTH: _scopes(rules.permission)}]
        described["x-permission"] = rules.permission
    else:
        described["security"] = [{}, {"ApiKey": []}, {"Bearer": []}, {OAUTH: []}]
    if rules.deprecation is not None:
        described["deprecated"] = True
        described["x-sunset"] = rfc3339(rules.deprecation.sunset)
    described.setdefault("parameters", []).extend(_header_parameters(operation))
    if not described["parameters"]:
        del described["parameters"]
    _describe_answers(described, operation)


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    rules = operation.rules
    found = []
    if rules.idempotent:
        found.append(_header("Idempotency-Key", "Makes a repeated request safe for 24 hours", max_length=255))
    if rules.precondition != "none":
        required = rules.precondition == "required"
        found.append(_header("If-Match", "The ETag that was last read", required=required, max_length=128))
    return found


def _header(name: str, words: str, *, required: bool = False, max_length: int) -> dict[str, Any]:
    # Any visible text is understood as far as the schema goes; what a field's own grammar refuses is a documented 400.
    schema = {"type": "string", "minLength": 1, "maxLength": max_length, "pattern": "^[!-~]+$"}
    return {"name": name, "in": "header", "required": required, "description": words, "schema": schema}


def _signed_header(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}


def _describe_answers(described: dict[str, Any], operation: Operation) -> None:
    answers = described.setdefault("responses", {})
    answers.pop("422", None)
    for status, answer in answers.items():
        names = ["X-Request-ID", *(_limit_headers(operation))]
        names += ["Quota"] if operation.rules.quotas else []
        names += ["ETag"] if status == "200" and operation.method == "GET" else []
        names += ["Location"] if status == "201" else []
        names += ["Idempotency-Replayed"] if operation.rules.idempotent else []
        names += ["Deprecation", "Sunset", "Link"] if operation.rules.deprecation else []
        answer.setdefault("headers", {}).update(_references(names))
    if operation.method == "GET" and operation.is_api:
        answers["304"] = {"description": "The caller's copy is current", "headers": _references(["ETag"])}
    for status in statuses(operation):
        answers[str(status)] = _problem_answer(status, operation)


def statuses(operation: Operation) -> list[int]:
    """Every status of refusal or failure that an operation may answer with."""
    rules = operation.rules
    found = {*_ALWAYS, *rules.errors, 422}
    if rules.limits or rules.anonymous_limits or rules.quotas:
        found.add(429)
    if operation.names:
        found.add(404)
    if operation.method != "GET":
        found.add(413)
    if operation.takes_json:
        found.add(415)
    if rules.idempotent:
        found.add(409)
    if rules.precondition != "none":
        found.add(412)
    if rules.precondition == "required":
        found.add(428)
    if rules.deprecation is not None:
        found.add(410)
    return sorted(found)


def _problem_answer(status: int, operation: Operation) -> dict[str, Any]:
    names = ["X-Request-ID", *_limit_headers(operation)]
    names += ["Retry-After"] if status in (409, 429, 503) else []
    names += ["WWW-Authenticate"] if status == 401 else []
    names += ["Quota"] if status in (403, 429) and operation.rules.quotas else []
    return {
        "description": _TITLES.get(status, "Refused"),
        "headers": _references(names),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _limit_headers(operation: Operation) -> list[str]:
    if not operation.rules.limits:
        return []
    return ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy"]


def _references(names: Iterable[str]) -> Mapping[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
