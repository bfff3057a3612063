"""The little of Markdown that our texts use, as HTML: headings, paragraphs, lists, fenced code, `code`, bold, links.

Everything else is shown as it was written. HTML in the text is text. A link leads to http(s), into this API or, as
`other.md`, to the neighbouring page; anything else stays words.
"""

import re
from collections.abc import Iterator
from html import escape

_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"```[^\n]*\n(?P<code>.*?)(?:\n```|\Z)|(?P<text>(?:(?!\n\s*\n|\n```).)+)", re.DOTALL)
_HEADING = re.compile(r"(#{1,4}) +(.+)")
_NEIGHBOUR = re.compile(r"([a-z0-9-]+)\.md\Z")
_LINKED = re.compile(r"https?://|/(?![/\\])|#")


def html(text: str, prefix: str = "") -> str:
    """The text as HTML that is safe to stand in a page. `prefix` is put before links into this API."""
    return "\n".join(_blocks(text.replace("\r\n", "\n"), prefix))


def inline(text: str, prefix: str = "") -> str:
    """One run of words, with code, bold and links."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts.append(escape(text[end : found.start()]))
        parts.append(_marked(found, prefix))
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _blocks(text: str, prefix: str) -> Iterator[str]:
    for found in _BLOCK.finditer(text):
        if found["code"] is not None:
            yield f'<pre tabindex="0"><code>{escape(found["code"])}</code></pre>'
        elif found["text"].strip():
            yield from _lines(found["text"].strip(), prefix)


def _lines(block: str, prefix: str) -> Iterator[str]:
    """A block without an empty line: perhaps a heading, then a list or a paragraph."""
    first, _, rest = block.partition("\n")
    heading = _HEADING.fullmatch(first)
    if heading:
        level = len(heading[1])
        yield f"<h{level}>{inline(heading[2], prefix)}</h{level}>"
        if rest.strip():
            yield from _lines(rest.strip(), prefix)
    elif first.startswith("- "):
        items = re.split(r"\n(?=- )", block)
        yield "<ul>" + "".join(f"<li>{inline(_joined(item[2:]), prefix)}</li>" for item in items) + "</ul>"
    else:
        yield f"<p>{inline(_joined(block), prefix)}</p>"


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines())


def _marked(found: re.Match[str], prefix: str) -> str:
    code, bold, words, target = found.groups()
    if code is not None:
        return f"<code>{escape(code)}</code>"
    if bold is not None:
        return f"<strong>{escape(bold)}</strong>"
    neighbour = _NEIGHBOUR.match(target)
    if neighbour:
        target = neighbour[1]
    elif not _LINKED.match(target):
        return escape(found[0])
    elif target.startswith("/"):
        target = prefix + target
    return f'<a href="{escape(target)}">{escape(words)}</a>'
