"""The API reference as one page without scripts, written from the OpenAPI document: to read, search and print."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from esteio.app.documents import markup
from esteio.app.documents.described import Described, anchor, section
from esteio.app.documents.schemas import schema_section

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PAGE = """<div class="reference"><nav class="contents" aria-label="Contents">{contents}</nav>
<main id="content" tabindex="-1">{chooser}<h1>{title} <span class="quiet">{version}</span></h1>{text}
{operations}{webhooks}{schemas}</main></div>"""


def reference_page(document: Mapping[str, Any], chooser: str) -> str:
    """The body of the page. `chooser` is HTML; everything in the document is text, whatever it says."""
    components = document.get("components", {})
    schemas = components.get("schemas", {})
    tagged = _by_tag(_operations(document))
    webhooks = [found for _, found in _of_paths(document.get("webhooks", {}), "webhook")]
    info = document.get("info", {})
    return _PAGE.format(
        contents=_contents(tagged, webhooks, schemas),
        chooser=chooser,
        title=escape(info.get("title", "API")),
        version=escape(info.get("version", "")),
        text=markup.html(info.get("description", "")) + _security(components.get("securitySchemes", {})),
        operations="".join(_group(tag, found, document) for tag, found in tagged.items()),
        webhooks=_group("Webhooks", webhooks, document) if webhooks else "",
        schemas=_schemas(schemas),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[Described]:
    for _, found in _of_paths(document.get("paths", {}), ""):
        yield found


def _of_paths(paths: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Described]]:
    for path, methods in paths.items():
        for method in _METHODS:
            if method in methods:
                yield path, Described(method=method, path=path, said=methods[method], kind=kind)


def _by_tag(operations: Iterator[Described]) -> dict[str, list[Described]]:
    tagged: dict[str, list[Described]] = {}
    for operation in operations:
        tagged.setdefault((operation.said.get("tags") or ["other"])[0], []).append(operation)
    return tagged


def _group(title: str, operations: Sequence[Described], document: Mapping[str, Any]) -> str:
    sections = "".join(section(operation, document) for operation in operations)
    return f'<h2 id="{anchor("tag", title)}">{escape(title.capitalize())}</h2>{sections}'


def _contents(tagged: Mapping[str, Sequence[Described]], webhooks: Sequence[Described], schemas: Sequence[str]) -> str:
    groups = [*tagged.items(), *([("Webhooks", webhooks)] if webhooks else [])]
    parts = []
    for title, operations in groups:
        entries = "".join(
            f'<li{" class=gone" if item.said.get("deprecated") else ""}><a href="#{item.anchor}">'
            f"{escape(item.title)}</a></li>"
            for item in operations
        )
        parts.append(f'<p><a href="#{anchor("tag", title)}">{escape(title.capitalize())}</a></p><ul>{entries}</ul>')
    parts.append('<p><a href="#schemas">Schemas</a></p>' if schemas else "")
    return "".join(parts)


def _security(schemes: Mapping[str, Any]) -> str:
    if not schemes:
        return ""
    entries = "".join(
        f"<dt>{escape(name)}</dt><dd>{_where(scheme)} {markup.inline(scheme.get('description', ''))}</dd>"
        for name, scheme in schemes.items()
    )
    return f'<h2 id="security">Credentials</h2><dl>{entries}</dl>'


def _where(scheme: Mapping[str, Any]) -> str:
    if scheme.get("type") == "apiKey":
        return f"in the {escape(scheme.get('in', ''))} <code>{escape(scheme.get('name', ''))}</code>:"
    return f"<code>Authorization: {escape(str(scheme.get('scheme', scheme.get('type', ''))).capitalize())} …</code>:"


def _schemas(schemas: Mapping[str, Any]) -> str:
    if not schemas:
        return ""
    return '<h2 id="schemas">Schemas</h2>' + "".join(schema_section(name, schemas[name]) for name in sorted(schemas))
