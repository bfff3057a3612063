"""Pictures from outside, decoded in bounded memory. Imports Pillow: import it where a picture is worked on."""

from io import BytesIO

from PIL import Image

MOST_BYTES = 32 * 1024 * 1024
MOST_PIXELS = 4096 * 4096
FORMATS = ("JPEG", "PNG", "WEBP")
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)
"""What Pillow raises; the warning is raised where the process makes errors of warnings."""


class Undecodable(ValueError):
    """The bytes are no picture, or one that is too large to be looked at."""


def decoded(data: bytes, within: tuple[int, int] | None = None) -> Image.Image:
    """The picture in RGB, flattened onto white; `within` lets a JPEG be decoded smaller, not below that size.

    What it says of its size is read, and refused, before any of it is unpacked.
    """
    if len(data) > MOST_BYTES:
        raise Undecodable("too many bytes")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Undecodable("too many pixels")
            if within is not None:
                image.draft("RGB", within)
            image.load()
            return _flat(image)
    except Undecodable:
        raise
    except UNREADABLE as error:
        raise Undecodable("no picture") from error


def _flat(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        white = Image.new("RGB", whole.size, "white")
        white.paste(whole, mask=whole.getchannel("A"))
        return white
    return image.convert("RGB")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as the picture itself says; nothing is unpacked."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return image.size
    except UNREADABLE as error:
        raise Undecodable("no picture") from error
