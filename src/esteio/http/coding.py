"""gzip of whole answers, done here so that their entity tags stay strong.

A proxy that compresses can only weaken a tag, and If-Match compares strongly (RFC 9110 section 13.1.1): behind such a
proxy nobody who reads could change anything. Here each coding has a strong tag of its own (section 8.8.3.3), which
ends in `-gzip` and names the same version of the resource.
"""

import zlib

from esteio.http.etags import matches

WORTH = 1024
"""Bytes below which an answer fits into one packet anyway."""

MOST = 1_048_576
"""Bytes beyond which compressing would hold up other requests: some 4 ms a mebibyte. Such an answer leaves as it is."""

_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS
_CODED = (b"content-encoding", b"gzip")
_SUFFIX = '-gzip"'

Fields = tuple[tuple[bytes, bytes], ...]


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` wants gzip; a `*` alone is no wish."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def compressed(fields: Fields, body: bytes, accepted: bytes) -> tuple[Fields, bytes]:
    """The answer in gzip, under the tag of that form, where the caller takes it and it pays; else as it was.

    What no cache may store may hold a secret beside something the caller chose, and its length would tell (BREACH):
    `no-store` is never compressed.
    """
    if not WORTH <= len(body) <= MOST or not takes_gzip(accepted.decode("latin-1")):
        return fields, body
    if any(
        name == b"content-encoding" or (name == b"cache-control" and b"no-store" in value) for name, value in fields
    ):
        return fields, body
    return (*(_tagged(field) for field in fields), _CODED), zlib.compress(body, _LEVEL, wbits=_GZIP)


def _tagged(field: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    return (b"etag", gzip_tag(field[1].decode("latin-1")).encode("latin-1")) if field[0] == b"etag" else field


def gzip_tag(etag: str) -> str:
    """The tag of the same representation in gzip."""
    return etag[:-1] + _SUFFIX


def uncoded(etag: str) -> str:
    """The tag of the representation without its coding: what If-Match is about."""
    return etag.removesuffix(_SUFFIX) + '"' if etag.endswith(_SUFFIX) else etag


def named_tag(condition: bytes, etag: str) -> str | None:
    """The tag under which an If-None-Match says that its sender has the representation, in either coding."""
    return next((tag for tag in (etag, gzip_tag(etag)) if matches(condition, tag, weak=True)), None)
