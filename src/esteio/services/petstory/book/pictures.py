"""Pictures made as large as print needs and no larger."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_PRINTED = (2_055, 2_362)
"""Pixels of the largest picture of a page, 174 × 200 mm, at 300 dpi."""
_QUALITIES = (85, 78)
_SMALLER = 0.85
_STEPS = 8
_PIXELS = 100_000_000
_BOOK = 9_300_000
"""Bytes that a book's pictures may need together, so that a mail of 10 MB carries it."""


def share(pictures: int) -> int:
    """The bytes that each of so many different pictures of a book may need, for `fitted`."""
    return _BOOK // max(1, pictures)


def fitted(picture: bytes, *, within: int | None = None) -> bytes:
    """The picture as a JPEG for print: 300 dpi of its page at most, turned upright, no metadata, on white.

    `within` is a number of bytes: the picture is made smaller step by step until it fits, down to about a third of its
    edges; what is still larger stays so. What fits already is returned as it is. Raises ValueError for what is no
    picture.
    """
    image = _opened(picture)
    if _fits_already(image, picture, within):
        return picture
    upright = _upright(image)
    upright.thumbnail(_PRINTED)
    made = b""
    for step in range(_STEPS):
        smaller = _scaled(upright, _SMALLER**step)
        for quality in _QUALITIES:
            made = _jpeg(smaller, quality)
            if within is None or len(made) <= within:
                return made
    return made


def _scaled(image: "Image", by: float) -> "Image":
    return image if by == 1 else image.resize((max(1, round(image.width * by)), max(1, round(image.height * by))))


def _opened(picture: bytes) -> "Image":
    # Pillow is loaded where pictures are, never by a process that only names this module.
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(BytesIO(picture), formats=("JPEG", "PNG", "WEBP"))
        if image.width * image.height > _PIXELS:
            raise ValueError("the picture has too many pixels")
        image.draft(None, (_PRINTED[0] * 2, _PRINTED[1] * 2))
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError("this is no picture") from error
    return image


def _fits_already(image: "Image", picture: bytes, within: int | None) -> bool:
    return (
        image.format == "JPEG"
        and image.mode in {"RGB", "L"}
        and image.width <= _PRINTED[0]
        and image.height <= _PRINTED[1]
        and not image.getexif()
        and (within is None or len(picture) <= within)
    )


def _upright(image: "Image") -> "Image":
    """The picture turned as its metadata says, flattened onto white, in grey where it has no colour."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.has_transparency_data:
        over = turned.convert("RGBA")
        turned = Image.new("RGB", over.size, "white")
        turned.paste(over, mask=over.getchannel("A"))
    return turned if turned.mode == "L" else turned.convert("RGB")


def _jpeg(image: "Image", quality: int) -> bytes:
    made = BytesIO()
    image.save(made, "JPEG", quality=quality, optimize=True, progressive=False)
    return made.getvalue()
