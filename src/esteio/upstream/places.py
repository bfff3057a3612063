"""From a path to the URL that is called: never to another host, never above the party's own address."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import httpx

from esteio.upstream.guard import UrlRefused, parsed

PLAIN = "!$&'()*+,;=:@"
"""What a segment of a path may hold as it is, beside letters, digits and `-._~` (RFC 3986)."""


class Place:
    """A party's address. Raises `UrlRefused` for one that cannot be called.

    `to("/products/7")` takes a path as people read it: all but its slashes is encoded, a percent sign too. Where a
    part comes from somebody else, `to(("products", name))` encodes the slashes in it as well. Segments that would
    climb are refused, since many servers take them back however they are encoded.
    """

    def __init__(self, url: str) -> None:
        self._base = parsed(url)
        # Not `.path`, which is decoded.
        self._path, _, self._query = self._base.raw_path.decode("ascii").partition("?")

    @property
    def host(self) -> str:
        """The host as it is connected to, without brackets."""
        return self._base.raw_host.decode("ascii").strip("[]")

    def to(self, path: str | Sequence[str], params: Mapping[str, str] | None = None) -> httpx.URL:
        """The URL of a path below the address. Raises `UrlRefused` for a path that climbs or begins nowhere."""
        query = "&".join(part for part in (self._query, urlencode(params or {}, errors="replace")) if part)
        target = self._path.rstrip("/") + "".join("/" + _encoded(segment) for segment in _segments(path))
        return self._base.copy_with(raw_path=(target + ("?" + query if query else "")).encode("ascii"))


def _segments(path: str | Sequence[str]) -> Sequence[str]:
    if not isinstance(path, str):
        return path
    if not path.startswith("/"):
        raise UrlRefused("a path begins with a slash")
    return path[1:].split("/")


def _encoded(segment: str) -> str:
    if segment in (".", ".."):
        raise UrlRefused("a path does not climb")
    return quote(segment, safe=PLAIN, errors="replace")
