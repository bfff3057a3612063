"""Looking into a PDF without a library for it: how many pages it says it has."""

import re
import zlib
from collections.abc import Iterator

BEGINS = b"%PDF-"
_STREAM = re.compile(rb"/ObjStm\b.*?stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_TREE = re.compile(rb"/Type\s*/Pages\b[^<>]*?/Count\s+(\d+)|/Count\s+(\d+)[^<>]*?/Type\s*/Pages\b")
_LARGEST = 16_777_216


def pages(pdf: bytes) -> int | None:
    """`None` where it does not say so in a way that is read here."""
    counts = [int(one or other) for part in _parts(pdf) for one, other in _TREE.findall(part)]
    return max(counts, default=None)


def _parts(pdf: bytes) -> Iterator[bytes]:
    """What is written openly, then what is packed."""
    yield pdf
    for packed in _STREAM.findall(pdf):
        try:
            yield zlib.decompressobj().decompress(packed, _LARGEST)
        except zlib.error:
            continue
