"""What the build of `console/` has left in the package: pages, and the files that they link."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BUILT = Path(__file__).parent / "dist"
_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Linked:
    """A file whose name changes with its bytes. `zipped`: the same in gzip, where that is shorter by much."""

    body: bytes
    zipped: bytes | None
    media_type: str


@cache
def pages() -> Mapping[str, str]:
    """The HTML of each entry (`console`, `petstory`, …) as it was built; empty where nothing was."""
    return {path.stem: path.read_text(encoding="utf-8") for path in BUILT.glob("*.html")}


@cache
def linked() -> Mapping[str, Linked]:
    """The files that pages link, by name. All are read at once: another release may be installed over them later."""
    return {path.name: _read(path) for path in BUILT.glob("assets/*")}


def _read(path: Path) -> Linked:
    body, media_type = path.read_bytes(), _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(("text/", "image/svg")) else None
    return Linked(body, zipped if zipped is not None and len(zipped) < len(body) * 0.9 else None, media_type)
