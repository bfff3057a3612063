"""Files that a service's pages link: a closed list from its package, kept by browsers while they are the same."""

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from fastapi import Request, Response

from esteio.base.errors import NotFound
from esteio.http.etags import matches
from esteio.http.exchange import exchange_of

_UNCHANGING = "public, max-age=31536000, immutable"


class Assets:
    """The files of the folder `assets` of a package, by name with their media types; each is read once.

    `path` is where they are served, below the path of the public URL.
    """

    def __init__(self, package: str, path: str, kinds: Mapping[str, str]) -> None:
        self._package = package
        self._path = path
        self._kinds = kinds

    def address(self, prefix: str, name: str) -> str:
        """Where a page finds the file; it changes with the bytes. `prefix` is the path of the public URL."""
        return f"{prefix}{self._path}/{name}?v={_digest(self._package, name)}"

    def answer(self, request: Request, name: str) -> Response:
        """The file, for a year where it is asked for with its digest. Raises `NotFound` for every other name."""
        if name not in self._kinds:
            raise NotFound
        digest = _digest(self._package, name)
        tag = f'"{digest}"'
        unchanging = request.query_params.get("v") == digest
        headers = {"etag": tag, "cache-control": _UNCHANGING if unchanging else "no-cache"}
        condition = exchange_of(request.scope).headers.get(b"if-none-match")
        if condition is not None and matches(condition, tag, weak=True):
            return Response(status_code=304, headers=headers)
        return Response(_content(self._package, name), media_type=self._kinds[name], headers=headers)


@cache
def _content(package: str, name: str) -> bytes:
    return files(package).joinpath("assets", name).read_bytes()


@cache
def _digest(package: str, name: str) -> str:
    return blake2b(_content(package, name), digest_size=9).hexdigest()
