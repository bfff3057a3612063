"""JSON Schemas in words: the type of a value, its bounds, and a table of members for each named schema."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import orjson

from esteio.app.documents import markup

_LOCAL = "#/components/"
_BOUNDS = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} elements",
    "maxItems": "at most {} elements",
    "pattern": "matches {}",
    "default": "default {}",
}


def resolved(said: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document leads to; anything else as it is."""
    target = said.get("$ref", "")
    if not target.startswith(_LOCAL):
        return said
    _, _, kind, name = target.split("/", 3)
    found: Mapping[str, Any] = document.get("components", {}).get(kind, {}).get(name, {})
    return found


def schema_anchor(name: str) -> str:
    return "schema-" + re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def type_of(schema: Mapping[str, Any]) -> str:
    """The type as HTML; a named schema is a link to its table."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{schema_anchor(name)}">{escape(name)}</a>'
    if "const" in schema:
        return _json(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(_json(value) for value in schema["enum"])
    for members, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if members in schema:
            return word.join(type_of(member) for member in schema[members])
    return _plain_type(schema)


def _plain_type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(escape(str(item)) for item in kind)
    if kind == "array":
        return f"array of {type_of(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map of {type_of(schema['additionalProperties'])}"
    form = f" ({escape(schema['format'])})" if "format" in schema else ""
    return f"{escape(str(kind))}{form}"


def bounds_of(schema: Mapping[str, Any]) -> str:
    """What a value must keep to, and what it is when it is not given."""
    parts = [form.format(_json(schema[name])) for name, form in _BOUNDS.items() if schema.get(name) is not None]
    parts += [words for member in schema.get("anyOf", ()) if (words := bounds_of(member))]
    return f' <span class="bounds">{", ".join(parts)}</span>' if parts else ""


def described(schema: Mapping[str, Any]) -> str:
    """Its description, or its first example in words."""
    text = schema.get("description")
    if text:
        return str(text)
    examples = schema.get("examples")
    return f"such as `{orjson.dumps(examples[0]).decode()}`" if isinstance(examples, list) and examples else ""


def schema_section(name: str, schema: Mapping[str, Any]) -> str:
    """One named schema with its members."""
    needed = set(schema.get("required", ()))
    rows = "".join(_row(member, said, member in needed) for member, said in schema.get("properties", {}).items())
    table = _MEMBERS.format(rows=rows) if rows else f"<p>{type_of(schema)}{bounds_of(schema)}</p>"
    text = markup.html(schema.get("description", ""))
    return f'<section id="{schema_anchor(name)}"><h3>{escape(name)}</h3>{text}{table}</section>'


_MEMBERS = """<div class="wide" tabindex="0"><table><thead><tr><th scope="col">Member</th><th scope="col">Type</th>
<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def _row(member: str, said: Mapping[str, Any], needed: bool) -> str:
    mark = ' <span class="required">required</span>' if needed else ""
    return (
        f"<tr><td><code>{escape(member)}</code>{mark}</td><td>{type_of(said)}{bounds_of(said)}</td>"
        f"<td>{markup.inline(described(said))}</td></tr>"
    )


def _json(value: Any) -> str:
    return f"<code>{escape(orjson.dumps(value).decode())}</code>"
