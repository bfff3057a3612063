"""The pictures that are answered: a photo's own shapes in few and turned colours.

Drawing is deterministic: `drawn(photo)` is, byte for byte, what the stand-in answers to that photo.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256

LONGEST = {"": 1024, "1K": 1024, "2K": 2048, "4K": 4096}
COLOUR_BITS = 3
BOMB_SIDE = 24_000
HUGE_BYTES = 32 * 1024 * 1024


class NoPicture(ValueError):
    """What was sent cannot be decoded as a picture."""


def drawn(photo: bytes, aspect: str = "", size: str = "") -> bytes:
    """A PNG: the photo turned upright, cut to the aspect ("3:4") if one is told, posterised and inverted.

    Its longest side is 1024 pixels ("2K": 2048, "4K": 4096) or the photo's own, if that is shorter. Raises `NoPicture`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # of an extra: only who draws needs it

    longest = LONGEST.get(size, LONGEST[""])
    try:
        with Image.open(io.BytesIO(photo)) as opened:
            opened.draft("RGB", (longest, longest))  # a JPEG is decoded no larger than needed
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NoPicture("Unable to process input image.") from error
    picture.thumbnail((longest, longest))
    if ":" in aspect:
        picture = ImageOps.fit(picture, _cut(*picture.size, aspect))
    return _png(ImageOps.invert(ImageOps.posterize(picture, COLOUR_BITS)))


def imagined(prompt: str, aspect: str = "", size: str = "") -> bytes:
    """A PNG for a request without a picture: one colour, chosen by the words."""
    from PIL import Image  # as above

    side = LONGEST.get(size, LONGEST[""])
    red, green, blue = sha256(prompt.encode()).digest()[:3]
    box = _cut(side, side, aspect) if ":" in aspect else (side, side)
    return _png(Image.new("RGB", box, (red, green, blue)))


def bomb() -> bytes:
    """A sound PNG of a few kilobytes whose 576 million pixels nobody should unpack."""
    row = bytes(1 + BOMB_SIDE // 8)
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(row) for _ in range(BOMB_SIDE)) + packing.flush()
    head = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunks((b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")))


def endless() -> bytes:
    """32 MB that begin as a PNG does."""
    return b"\x89PNG\r\n\x1a\n" + bytes(HUGE_BYTES)


def _chunks(*parts: tuple[bytes, bytes]) -> Iterator[bytes]:
    for name, data in parts:
        yield struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _cut(width: int, height: int, aspect: str) -> tuple[int, int]:
    """The largest box of that aspect that lies within the picture."""
    across, _, down = aspect.partition(":")
    if not (across.isdecimal() and down.isdecimal() and int(across) and int(down)):
        raise NoPicture(f"Invalid aspect ratio {aspect}.")
    ratio = int(across) / int(down)
    if width / height > ratio:
        return max(1, round(height * ratio)), height
    return width, max(1, round(width / ratio))


def _png(picture: object) -> bytes:
    from PIL import Image  # as above

    assert isinstance(picture, Image.Image)
    found = io.BytesIO()
    picture.save(found, "PNG")
    return found.getvalue()
