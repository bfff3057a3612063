"""The shop that a browser runs, with what stands in its place until it runs, and where it never does."""

from collections.abc import Sequence
from html import escape
from typing import Protocol

from fastapi import Request, Response

from esteio.services.petstory.pages.frame import Drawn, framed
from esteio.services.petstory.pages.linked import ASSETS

ENTRY = "petstory"


class Shells(Protocol):
    """Who has the pages that were built."""

    def built(self, entry: str) -> bool: ...

    def answer(
        self, request: Request, entry: str, *, content: str = "", head: str = "", language: str = ""
    ) -> Response: ...


def front(shells: Shells, request: Request, drawn: Drawn, *, prefix: str) -> Response:
    """The shop around the page that was drawn; that page alone where the shop was not built."""
    if not shells.built(ENTRY):
        return Response(framed(drawn, prefix=prefix), media_type="text/html")
    content = "\n".join(["<main>", *drawn.body, _unless_run(drawn.pictures), "</main>"])
    return shells.answer(request, ENTRY, content=content, head=_head(drawn, prefix), language=drawn.language)


def _head(drawn: Drawn, prefix: str) -> str:
    """The shop takes the style sheet away when it begins. Nothing looks at itself again where the shop does."""
    css = escape(ASSETS.address(prefix, "petstory.css"))
    robots = '<meta name="robots" content="noindex">'
    return f'{robots}{_unless_run([drawn.head])}<link rel="stylesheet" href="{css}" data-plain>'


def _unless_run(html: Sequence[str]) -> str:
    """So that nobody loads a picture twice."""
    inner = "\n".join(html)
    return f"<noscript>{inner}</noscript>" if inner else ""
