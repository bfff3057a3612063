"""A photo as the rows of numbers that effects work on, and back. Imports OpenCV: import it where a picture is drawn."""

from typing import Any

import cv2
import numpy as np
from PIL import Image

from esteio.services.petstory.art.decoding import Undecodable, decoded, size_of
from esteio.services.petstory.art.outcomes import UNREADABLE, PhotoRefused

Picture = np.ndarray[Any, np.dtype[Any]]
"""Rows of pixels; colours are in the order blue, green, red."""

LONG, SHORT = 2400, 1800
"""A picture's longest and shorter edge at most: A4 at 200 dots per inch within the margins."""

ENLARGED = 4.0
"""Past it there is nothing to be seen in a photo that a larger picture would show."""


def size_for(width: int, height: int) -> tuple[int, int]:
    """The picture's size: the photo's proportions, within the edges, so many times the photo at most."""
    factor = min(LONG / max(width, height), SHORT / min(width, height), ENLARGED)
    return max(1, round(width * factor)), max(1, round(height * factor))


def opened(photo: bytes) -> tuple[Picture, tuple[int, int]]:
    """The photo in half the picture's size (BGR), and that size.

    Half the size is what the eye tells apart after smoothing; it takes a quarter of the time and memory.
    """
    try:
        size = size_for(*size_of(photo))
        half = (max(1, size[0] // 2), max(1, size[1] // 2))
        small = decoded(photo, half).resize(half, Image.Resampling.LANCZOS)
    except Undecodable as error:
        raise PhotoRefused(UNREADABLE) from error
    return cv2.cvtColor(np.asarray(small), cv2.COLOR_RGB2BGR), size


def jpeg(picture: Picture) -> bytes:
    """Without loss that print would show."""
    # Colours in full resolution: flat areas of strong colour would fray at their edges.
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return _encoded(".jpg", picture, options)


def png(picture: Picture) -> bytes:
    """Without loss; for few tones."""
    return _encoded(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 6])


def _encoded(ending: str, picture: Picture, options: list[int]) -> bytes:
    ok, data = cv2.imencode(ending, picture, options)
    if not ok:
        raise MemoryError(f"the picture could not be written as {ending}")
    return data.tobytes()
