"""Pictures for screens: marked ones before they are paid for, and small ones. Imports Pillow, as `decoding` does.

All of it computes for up to half a second: call it in a thread.
"""

import math
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from esteio.services.petstory.art.decoding import decoded

EDGE = 900
WORDS = "PetStory · preview"
LETTERS = 0.034
"""Height of the mark's letters, as a share of the longest edge."""

SLANT = 30.0
VEIL = 112
"""How much of the picture the mark takes away, of 255."""


def watermarked(image: bytes) -> bytes:
    """A JPEG of at most 900 pixels with a mark in slanting rows all over, so that no part worth having is without it.

    Raises `Undecodable`.
    """
    picture = _within(image, EDGE)
    marks = _marks(picture.size)
    # White letters with a dark rim: one of the two shows on any picture.
    for mask, tone in ((marks[1], (40, 40, 40)), (marks[0], (255, 255, 255))):
        picture.paste(tone, mask=mask.point(lambda value: value * VEIL // 255))
    return _jpeg(picture, 78)


def thumbnail(photo: bytes, edge: int) -> bytes:
    """A JPEG whose longest edge has at most so many pixels, never enlarged. Raises `Undecodable`."""
    return _jpeg(_within(photo, edge), 82)


def prepared(image: bytes, media: str) -> tuple[bytes, int, int]:
    """The picture written anew as `media` (image/jpeg, image/png), with its width and height; nothing but pixels is
    taken over. Raises `Undecodable`.
    """
    picture = decoded(image)
    if media == "image/jpeg":
        return _jpeg(picture, 92, subsampling=0), *picture.size
    if media != "image/png":
        raise ValueError(f"pictures are written as image/jpeg or image/png, not as {media}")
    data = BytesIO()
    picture.save(data, "PNG")
    return data.getvalue(), *picture.size


def _within(image: bytes, edge: int) -> Image.Image:
    picture = decoded(image, (edge, edge))
    picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return picture


def _marks(size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Where letters are, and where their rims are."""
    height = max(6.0, LETTERS * max(size))
    font = ImageFont.load_default(height)
    wide = math.ceil(font.getlength(WORDS))
    side = math.ceil(math.hypot(*size))
    sheets = []
    for rim in (0, max(1, round(height / 14))):
        sheet = Image.new("L", (side, side))
        draw = ImageDraw.Draw(sheet)
        for row in range(math.ceil(side / (height * 2.6))):
            # Each row begins elsewhere, so that no straight cut runs between the words.
            begin = -wide * ((row * 0.37) % 1)
            for column in range(math.ceil(side / wide / 1.3) + 2):
                draw.text((begin + column * wide * 1.3, row * height * 2.6), WORDS, 255, font, stroke_width=rim)
        left, top = (side - size[0]) // 2, (side - size[1]) // 2
        turned = sheet.rotate(SLANT, Image.Resampling.BILINEAR)
        sheets.append(turned.crop((left, top, left + size[0], top + size[1])))
    return sheets[0], sheets[1]


def _jpeg(picture: Image.Image, quality: int, subsampling: int = -1) -> bytes:
    data = BytesIO()
    picture.save(data, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    return data.getvalue()
