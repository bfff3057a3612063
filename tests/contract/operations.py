"""Every operation of the house, as its own table lists them, with what is needed to call it.

Nothing here names an operation where it can be helped: one that is added tomorrow is tested tomorrow.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import pytest

from esteio.app import Esteio, create_app
from esteio.auth.permissions import PLATFORM, area
from esteio.base.crypto import Keyring
from esteio.catalog import SHIPPED
from esteio.http.routing import Operation
from esteio.http.rules import AUTHENTICATED
from esteio.runtime.opening import sections
from esteio.services.petstory.links import Link, written
from esteio.settings import read_settings
from tests.house import SECRET, Served, environment
from tests.store.liking import person, stored

VERSIONS = ("v1", "v2")
LIKED = 3
"""The product that the bodies of favourites name."""

MAILS = {"MAIL__SERVER": "mail.invalid", "MAIL__FROM_ADDRESS": "house@example.org"}
"""A house that accepts what it would mail; without a worker it never calls the server."""
_numbers = count(1)


def _unopened() -> Esteio:
    """The application as far as it exists before anything is opened: enough to know its operations."""
    given = environment("postgresql://nowhere.invalid/esteio", "redis://nowhere.invalid")
    return create_app(read_settings(sections(SHIPPED), environ=given))


_APP = _unopened()
EVERY: list[Operation] = list(_APP.table)
ALL: list[Operation] = [operation for operation in EVERY if operation.rules.manner is None]
"""All but those in the manner of somebody else's contract, which has its own refusals, and its own tests."""

EVENTS = {event.name for manifest in _APP.manifests for event in manifest.events}
DOCUMENTS: dict[str, dict[str, Any]] = {version: _APP.document(version) for version in VERSIONS}


EVERYBODYS = {"product_id": "999999", "conjunto": "999999", "municipio": "1999999"}
"""Ids of what is the same for all tenants, each with one that names nothing."""

NUMBERS = {"number": "2147483647"}
"""Ids that count what one resource has, each with one that names nothing."""

GIVEN_ELSEWHERE = {"external_id"}
"""Ids that other systems give, in any form."""

MAKES_WHAT_IT_NAMES = {
    "PUT /api/v2/plans/{name}",
    "PUT /api/v2/outages/{external_id}",
    "PUT /api/v2/outages/universe/{conjunto}/{municipio}",
    "PUT /api/v2/outages/demands/{protocol}",
}
"""Operations that cannot miss a resource, since they make it, in the tenant of the caller where it has one."""

ANY_ADDRESS = frozenset({"GET /console/{path}"})
"""Operations that answer whatever address is asked for: the page decides in the browser what it shows there."""


OF_PERSONS = {
    "GET /api/v2/organizations",
    "GET /api/v2/organizations/{slug}",
    "POST /api/v2/organizations/{slug}/leave",
}
"""Operations on what is a person's own, for which no key can stand in."""


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def is_of_persons(operation: Operation) -> bool:
    return name_of(operation) in OF_PERSONS


def each(chosen: Callable[[Operation], bool]) -> pytest.MarkDecorator:
    """Run a test for every operation that is chosen; choosing none is a mistake."""
    found = [pytest.param(operation, id=name_of(operation)) for operation in ALL if chosen(operation)]
    assert found, "no operation is chosen"
    return pytest.mark.parametrize("operation", found)


def is_platform(operation: Operation) -> bool:
    return area(operation.rules.permission or "") in PLATFORM


def misses_what_it_names(operation: Operation) -> bool:
    """What makes a tenant's resource by its name is shown by the service's own tests to make it in its own tenant.

    What has a secret link belongs to who holds that; tests/petstory shows that no other tenant gets there.
    """
    if "link" in operation.names:
        return False
    makes = name_of(operation) in MAKES_WHAT_IT_NAMES and not is_platform(operation)
    return bool({*operation.names} - {*EVERYBODYS}) and bool(described(operation)) and not makes


def asks_permission(operation: Operation) -> bool:
    return operation.rules.permission is not None


def asks_more_than_an_account(operation: Operation) -> bool:
    return asks_permission(operation) and operation.rules.permission != AUTHENTICATED


def looks_at_credentials(operation: Operation) -> bool:
    """All but the open probes, which answer orchestrators whatever they send."""
    return not operation.rules.quiet or asks_permission(operation)


def takes_json(operation: Operation) -> bool:
    return operation.takes_json


def described(operation: Operation) -> dict[str, Any]:
    """What the OpenAPI documents say of it; nothing for operations that they leave out."""
    for document in DOCUMENTS.values():
        found: dict[str, Any] = document["paths"].get(operation.path, {}).get(operation.method.lower(), {})
        if found:
            return found
    return {}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference leads to."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    for document in DOCUMENTS.values():
        if name in document["components"]["schemas"]:
            found: dict[str, Any] = document["components"]["schemas"][name]
            return found
    raise KeyError(name)


def body_schema(operation: Operation) -> dict[str, Any]:
    schema = described(operation)["requestBody"]["content"]["application/json"]["schema"]
    chosen = next((member for member in schema.get("anyOf", ()) if member.get("type") != "null"), schema)
    return resolved(chosen)


def body_of(operation: Operation) -> Any:
    """A body that the schema allows: what is required, or one member where nothing is."""
    return _sample(body_schema(operation))


def _sample(schema: dict[str, Any]) -> Any:
    schema = resolved(schema)
    if schema.get("examples"):
        return schema["examples"][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _sample(next(member for member in schema["anyOf"] if member.get("type") != "null"))
    if schema["type"] == "object":
        members = schema.get("properties", {})
        wanted = schema.get("required") or list(members)[:1]
        return {name: _sample(members[name]) for name in wanted}
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    plain = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "array": []}
    return plain[schema["type"]]


def _nobody(name: str) -> str:
    """A value of a path parameter that names nothing. A secret link has to be signed, or it is no link at all."""
    if name == "link":
        return written(Keyring(SECRET), "order", Link(uuid4(), 1))
    return {**EVERYBODYS, **NUMBERS}.get(name) or (
        str(uuid4()) if name.endswith("_id") else f"no-such-{next(_numbers)}"
    )


def address(operation: Operation, **given: str) -> str:
    """The path with its parameters filled in; those that are not given name nobody."""
    path = operation.path
    for name in operation.names:
        path = path.replace("{" + name + "}", given.get(name) or _nobody(name))
    return path


def call(client: httpx.Client, operation: Operation, path: str | None = None, **options: Any) -> httpx.Response:
    """Call it with a body that its schema allows, conditionally where it must be, unless said otherwise."""
    if operation.takes_json and "content" not in options:
        options.setdefault("json", body_of(operation))
    headers = dict(options.pop("headers", {}))
    if operation.rules.precondition == "required":
        headers.setdefault("If-Match", '"1"')
    return client.request(operation.method, path or address(operation), headers=headers, **options)


_MAKERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "keys": lambda text: {"name": text, "scopes": ["pets:write"]},
    "oauth-clients": lambda text: {"name": text, "scopes": ["pets:write"]},
    "users": lambda text: {"email": f"{text}@example.org", "name": text},
    "roles": lambda text: {"name": text, "permissions": ["pets:write"]},
    "tenants": lambda text: {"slug": text, "name": text},
    "pets": lambda text: {"name": text, "species": "dog"},
    "endpoints": lambda text: {"url": f"https://example.com/{text}", "events": ["*"]},
    "orders": lambda text: {"email": f"{text}@example.org", "pet_name": text},
    "capsules": lambda text: {"project_name": text, "description": text, "tech_stack": ["Go"]},
}
"""By the collection's name, a body that makes one more of its resources."""


def make(client: httpx.Client, collection: str) -> str:
    """Make a resource of a collection such as `/api/v2/pets`; where it is."""
    body = _MAKERS[collection.rpartition("/")[2]](f"made-{uuid4().hex[:12]}")
    answer = client.post(collection, json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def resource_for(served: Served, operation: Operation) -> str:
    """The operation's path on a resource that was made for it, or on the one that there always is."""
    if not operation.names:
        return operation.path
    collection, _, rest = operation.path.partition("/{")
    if collection.endswith("/favorites"):
        made = like(served, collection)
    elif collection.endswith("/outages"):
        made = report(served.client, collection)
    else:
        made = make(served.client, collection)
    return made + rest.partition("}")[2]


def report(client: httpx.Client, collection: str) -> str:
    """An outage, which is made by its name; where it is."""
    body = {"started_at": "2026-01-01T00:00:00Z", "conjunto": 12727, "municipio": 1400100, "affected": 45}
    answer = client.put(f"{collection}/made-{uuid4().hex[:12]}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def like(served: Served, collection: str) -> str:
    """A favourite, which only somebody with an account can make; where it is."""
    stored(served, LIKED)
    with person(served) as somebody:
        answer = somebody.client.post(collection, json={"product_id": LIKED})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def methods_of(path: str) -> set[str]:
    return {operation.method for operation in ALL if operation.path == path}


def paths() -> Iterable[str]:
    return sorted({operation.path for operation in ALL})


def kinds_of(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a property's schema names."""
    found = {resolved(member).get("type") for member in schema.get("anyOf", [schema])}
    return {kind for kind in found if kind is not None}


def queries_of(operation: Operation) -> dict[str, dict[str, Any]]:
    """Its query parameters by name, as the documents describe them."""
    return {item["name"]: item for item in described(operation).get("parameters", ()) if item["in"] == "query"}


def typed_queries(operation: Operation) -> list[str]:
    """Query parameters that are no free text: numbers, truths, times, closed lists."""
    return [name for name, item in queries_of(operation).items() if _is_typed(item["schema"])]


def _is_typed(schema: dict[str, Any]) -> bool:
    members = [resolved(member) for member in schema.get("anyOf", [schema])]
    typed = ("integer", "number", "boolean")
    return any(member.get("type") in typed or "enum" in member or "format" in member for member in members)
