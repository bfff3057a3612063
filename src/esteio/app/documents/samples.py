"""Examples for the reference: those that the document gives, else made from the schema."""

import shlex
from collections.abc import Mapping
from typing import Any

import orjson

from esteio.app.documents.schemas import resolved

_DEEPEST = 6
_BY_FORMAT = {
    "date-time": "2026-11-21T10:30:00Z",
    "date": "2026-11-21",
    "uuid": "0192f3a1-0000-7000-8000-000000000000",
    "email": "ana@example.org",
    "uri": "https://example.org/",
    "password": "a long sentence is a good password",
}
_BY_TYPE = {"integer": 1, "number": 1.5, "boolean": True, "null": None, "string": "…"}


def sample(media: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """An example of a body, as indented JSON."""
    return orjson.dumps(_sample(media, document), option=orjson.OPT_INDENT_2).decode()


def command(method: str, path: str, said: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """The operation as a curl command."""
    server = document["servers"][0]["url"] if document.get("servers") else ""
    words = ["curl", *(["-X", method.upper()] if method != "get" else []), server + path]
    headers = ["X-API-Key: $API_KEY"] if said.get("x-permission") else []
    parameters = [resolved(item, document) for item in said.get("parameters", ())]
    headers += [f"{item['name']}: …" for item in parameters if item["in"] == "header" and item.get("required")]
    body = resolved(said.get("requestBody", {}), document).get("content", {}).get("application/json")
    lines = [shlex.join(words), *(f'-H "{header}"' for header in headers)]
    if body is not None:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d {shlex.quote(orjson.dumps(_sample(body, document)).decode())}")
    return " \\\n  ".join(lines)


def _sample(media: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    for example in media.get("examples", {}).values():
        found = resolved(example, document)
        if "value" in found:
            return found["value"]
    return _value(media.get("schema", {}), document, 0)


def _value(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Any:
    """Recursive schemas end at a depth where an empty value stands."""
    schema = resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    for name in ("example", "const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    for members in ("anyOf", "oneOf", "allOf"):
        if schema.get(members):
            return _value(schema[members][0], document, depth)
    return _typed(schema, document, depth)


def _typed(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        members = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {name: _value(member, document, depth + 1) for name, member in members.items()}
    if kind == "array":
        return [_value(schema["items"], document, depth + 1)] if "items" in schema and depth < _DEEPEST else []
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind)) if kind == "string" else _BY_TYPE.get(kind)
