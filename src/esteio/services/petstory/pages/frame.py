"""What all pages have around them. Nothing in a page is run, and whatever is not ours is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from esteio.services.petstory.pages.linked import ASSETS

_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">{head}
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{prefix}/docs/assets/icon.svg">
<link rel="stylesheet" href="{css}"></head>
<body><main>
{body}
</main></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page without its frame. `body` and `pictures`, which stand below it, and `head` are HTML."""

    title: str
    language: str
    body: Sequence[str]
    pictures: Sequence[str] = ()
    head: str = ""


def framed(drawn: Drawn, *, prefix: str) -> bytes:
    """The whole page. `prefix` is the path of the public URL."""
    page = _PAGE.format(
        language=escape(drawn.language),
        title=escape(drawn.title),
        prefix=escape(prefix),
        css=escape(ASSETS.address(prefix, "petstory.css")),
        head=drawn.head,
        body="\n".join([*drawn.body, *drawn.pictures]),
    )
    return page.encode()


def heading(text: str) -> str:
    """Of anybody's words: their direction follows from their letters."""
    return f'<h1 dir="auto">{escape(text)}</h1>'


def paragraph(text: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<p dir="auto"{marked}>{escape(text)}</p>'


def link(address: str, text: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<p><a{marked} href="{escape(address)}">{escape(text)}</a></p>'


def figure(address: str, alt: str, caption: str, size: tuple[int, int] | None = None) -> str:
    measured = f' width="{size[0]}" height="{size[1]}"' if size else ""
    image = f'<img src="{escape(address)}" alt="{escape(alt)}"{measured}>'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
