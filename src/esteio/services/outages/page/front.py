"""The page as it leaves: the drawn tables, within the page that a browser runs where that was built."""

from dataclasses import dataclass
from html import escape
from typing import Protocol

from fastapi import Request, Response

from esteio.services.outages.page.linked import ASSETS
from esteio.services.outages.page.words import Words

ENTRY = "outages"
_SECONDS = 60
"""After which the page loads itself anew where no script keeps it fresh."""

_ALONE = """<!doctype html>
<html lang="{tag}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="{prefix}/docs/assets/icon.svg">
{head}</head>
<body>{content}</body>
</html>
"""


class Shells(Protocol):
    """Who has the pages that were built."""

    def built(self, entry: str) -> bool: ...

    def answer(
        self, request: Request, entry: str, *, content: str = "", head: str = "", language: str = ""
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """The tables as HTML, and the summary's JSON, which the script has to show before it has asked anybody."""

    content: str
    data: bytes


def front(shells: Shells, request: Request, drawn: Drawn, words: Words, *, prefix: str) -> Response:
    """What the script takes over and what stays without it; the tables alone where nothing was built."""
    refresh = f'<meta http-equiv="refresh" content="{_SECONDS}">'
    css = escape(ASSETS.address(prefix, "outages.css"))
    common = f'<title>{escape(words.title)}</title><link rel="stylesheet" href="{css}" data-plain>'
    if not shells.built(ENTRY):
        head = common + refresh
        page = _ALONE.format(tag=words.tag, prefix=escape(prefix), head=head, content=drawn.content)
        return Response(page, media_type="text/html")
    data = f'<meta name="esteio-outages" content="{escape(drawn.data.decode())}">'
    head = f"{common}{data}<noscript>{refresh}</noscript>"
    return shells.answer(request, ENTRY, content=drawn.content, head=head, language=words.tag)
