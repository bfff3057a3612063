"""Built pages as they leave: with the path of the house, and a nonce of their own for styles."""

import secrets
from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlsplit

from fastapi import Request, Response

from esteio.base.errors import NotFound
from esteio.console.built import pages
from esteio.http.exchange import exchange_of

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'none'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{issuers}; worker-src 'self'; "
    "frame-src 'self' blob:; base-uri 'none'; form-action 'self'{issuers}; frame-ancestors 'none'"
)
_ASSETS = '"./assets/'


class Shells:
    """Answers with a built page. `issuers`: origins beside our own that pages may ask, to sign people in."""

    def __init__(self, issuers: Iterable[str] = ()) -> None:
        self._issuers = "".join(f" {_origin(one)}" for one in dict.fromkeys(issuers))

    def built(self, entry: str) -> bool:
        """Whether there is such a page: a package that was built without Node has none."""
        return entry in pages()

    def answer(
        self,
        request: Request,
        entry: str,
        *,
        content: str = "",
        head: str = "",
        language: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The page of an entry. `content` and `head` are HTML: what is shown until the script takes over, and what
        further stands in the head. `language` is that of `content`. Unless `headers` say other, it is asked for anew
        each time, for each has a nonce of its own. Raises `NotFound` where it was not built.
        """
        built = pages().get(entry)
        if built is None:
            raise NotFound(operator=f"the page {entry} was not built; installing the package builds it")
        exchange, nonce = exchange_of(request.scope), secrets.token_urlsafe(16)
        prefix = escape(urlsplit(exchange.base).path.rstrip("/"))
        exchange.replace_policy(_POLICY.format(nonce=nonce, issuers=self._issuers).encode())
        text = built.replace(_ASSETS, f'"{prefix}/console/assets/').replace("__PREFIX__", prefix)
        if language:
            text = text.replace('<html lang="en">', f'<html lang="{escape(language)}">', 1)
        # The nonce last before what is not ours, so that nothing that others said can hold its place.
        text = text.replace("__NONCE__", nonce).replace("<!--head-->", head, 1).replace("<!--content-->", content, 1)
        return Response(text, media_type="text/html", headers={"cache-control": "no-cache", **(headers or {})})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
