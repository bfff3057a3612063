"""Texts become HTML that is safe whatever they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.app.documents import markup
from esteio.app.documents.reference import reference_page
from tests.documents.markup_reading import Page

ALLOWED = {"h1", "h2", "h3", "h4", "p", "ul", "li", "pre", "code", "strong", "a"}
PIECES = st.sampled_from(
    [
        "<",
        ">",
        '"',
        "'",
        "&",
        "`",
        "**",
        "[",
        "](",
        ")",
        "```",
        "\n",
        "\n\n",
        "# ",
        "- ",
        "javascript:",
        "//x",
        "a",
        " ",
    ]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_only_what_it_knows(text: str) -> None:
    """Any text gives only the known elements, with links into this API or to http(s)."""
    found = Page(markup.html(text))
    assert found.tags <= ALLOWED
    assert found.inline == []
    assert all(link.startswith(("http://", "https://", "/", "#")) or link.isascii() for link in found.links)
    assert not any(
        link.startswith(("//", "/\\")) or ":" in link.split("/")[0][:11] for link in found.links if link[:4] != "http"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A `b`", "<h1>A <code>b</code></h1>"),
        ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
        ("- a\n  b\n- **c**", "<ul><li>a b</li><li><strong>c</strong></li></ul>"),
        ("```json\n{\n\n<}\n```\nafter", '<pre tabindex="0"><code>{\n\n&lt;}</code></pre>\n<p>after</p>'),
        ("[x](not-found.md)", '<p><a href="not-found">x</a></p>'),
        ("[x](/redoc)", '<p><a href="/esteio/redoc">x</a></p>'),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        ("[x](//elsewhere.example)", "<p>[x](//elsewhere.example)</p>"),
    ],
)
def test_what_it_knows(text: str, html: str) -> None:
    """Headings, paragraphs, lists, code, bold and links are shown as such; other links stay words."""
    assert markup.html(text, "/esteio") == html


def test_hostile_document() -> None:
    """A document whose every word is an attack gives a page with none of it in force."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    schema = {
        "type": ["string", evil],
        "description": evil,
        "enum": [evil],
        "properties": {evil: {"$ref": f"#/components/schemas/{evil}", "default": evil}},
        "required": [evil],
    }
    operation = {
        "tags": [evil],
        "summary": evil,
        "description": evil,
        "operationId": evil,
        "x-permission": evil,
        "x-sunset": evil,
        "deprecated": True,
        "parameters": [{"name": evil, "in": evil, "required": True, "schema": {"type": evil, "pattern": evil}}],
        "requestBody": {"content": {evil: {"schema": schema, "example": evil}}},
        "responses": {evil: {"description": evil, "headers": {evil: {}}, "content": {evil: {"schema": schema}}}},
    }
    document = {
        "info": {"title": evil, "version": evil, "description": evil},
        "servers": [{"url": evil}],
        "paths": {evil: {"get": operation}},
        "webhooks": {evil: {"post": operation}},
        "components": {
            "schemas": {evil: schema},
            "securitySchemes": {evil: {"type": "apiKey", "in": evil, "name": evil, "description": evil}},
        },
    }
    found = Page(reference_page(document, ""))
    assert evil in found.text
    assert not found.tags & {"script", "img"}
    assert found.inline == []
    assert all(link.startswith("#") for link in found.links)


def test_schema_that_holds_itself() -> None:
    """A recursive schema ends: the example stops at a depth, the type is a link."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    document = {
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/nodes": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
                }
            }
        },
        "components": {"schemas": {"Node": node}},
    }
    assert "#schema-Node" in Page(reference_page(document, "")).links
