"""What every page has around its text. No page has a script, a style or an address of its own in the text."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from esteio.http.pages import LOGO

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{icon}">{styles}{scripts}</head>
<body><a class="skip" href="#content">Skip to the content</a>
<header class="bar"><a class="home" href="{prefix}/">{logo}{name}</a>
<nav aria-label="Documentation">{menu}</nav></header>
{body}
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Writes whole pages. `menu` is what the head of each page leads to: words and path.

    `prefix` is the path of the public URL, which stands before every address. `address` gives that of a linked file.
    """

    name: str
    prefix: str
    menu: tuple[tuple[str, str], ...]
    address: Callable[[str], str]

    def text(self, title: str, body: str) -> bytes:
        """A page to be read."""
        return self.page(title, f'<main id="content" tabindex="-1">{body}</main>', styles=("page.css",))

    def page(self, title: str, body: str, *, styles: tuple[str, ...], scripts: tuple[str, ...] = ()) -> bytes:
        """A page with these linked files. `body` is HTML, everything else is text."""
        page = _PAGE.format(
            title=escape(f"{title} · {self.name}"),
            icon=escape(self.address("icon.svg")),
            styles="".join(f'<link rel="stylesheet" href="{escape(self.address(name))}">' for name in styles),
            scripts="".join(f'<script src="{escape(self.address(name))}" defer></script>' for name in scripts),
            prefix=escape(self.prefix),
            logo=LOGO,
            name=escape(self.name),
            menu="".join(f'<a href="{self.link(path)}">{escape(words)}</a>' for words, path in self.menu),
            body=body,
        )
        return page.encode()

    def link(self, path: str) -> str:
        """An address of this API, ready to stand in an attribute."""
        return escape(self.prefix + path)
