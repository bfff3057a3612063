"""Bytes that are made once per process and answered with a tag, compressed where that pays, or as 304."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock

from fastapi import Request, Response

from esteio.http.coding import takes_gzip
from esteio.http.etags import matches

REVALIDATE = "no-cache"
_WORTH_COMPRESSING = 1024
_TEXT = ("text/", "application/json", "image/svg")


@dataclass(frozen=True, slots=True)
class _Form:
    body: bytes
    zipped: bytes | None
    digest: str


class Kept:
    """What `make` returns, made at the first request. A failure of `make` is not kept: the next request tries again.

    It is made in a thread, so that a large document does not hold up other requests.
    """

    def __init__(self, make: Callable[[], bytes], media_type: str) -> None:
        self._make = make
        self._media_type = media_type
        self._form: _Form | None = None
        self._turn = Lock()

    def digest(self) -> str:
        """Changes with the bytes."""
        return self._formed().digest

    async def answer(self, request: Request, cache_control: str = REVALIDATE) -> Response:
        """200 with the bytes, or 304 to a caller who has them. Each coding has a strong tag of its own."""
        form = self._form
        if form is None:
            form = await asyncio.to_thread(self._formed)
        body, headers = _chosen(form, request.headers.get("accept-encoding", ""))
        headers |= {"cache-control": cache_control, "vary": "Accept-Encoding"}
        condition = request.headers.get("if-none-match", "")
        if condition and matches(condition.encode("latin-1"), headers["etag"], weak=True):
            headers.pop("content-encoding", None)
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=self._media_type)

    def _formed(self) -> _Form:
        with self._turn:
            if self._form is None:
                self._form = self._new()
            return self._form

    def _new(self) -> _Form:
        body = self._make()
        worth = len(body) >= _WORTH_COMPRESSING and self._media_type.startswith(_TEXT)
        zipped = gzip.compress(body, mtime=0) if worth else None
        return _Form(body, zipped, blake2b(body, digest_size=9).hexdigest())


def _chosen(form: _Form, accepted: str) -> tuple[bytes, dict[str, str]]:
    if form.zipped is not None and takes_gzip(accepted):
        return form.zipped, {"etag": f'"{form.digest}-gzip"', "content-encoding": "gzip"}
    return form.body, {"etag": f'"{form.digest}"'}
