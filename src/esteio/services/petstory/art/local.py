"""Pictures drawn by this machine, with no party outside."""

import asyncio
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

from esteio.services.petstory.art.drawing import Drawn
from esteio.services.petstory.schemas import Style

if TYPE_CHECKING:
    from esteio.services.petstory.art.canvas import Picture

MODEL = "1"
"""Raised whenever a picture of the same photo would look otherwise."""

_one = threading.Lock()


class LocalArtist:
    """Draws in a thread; one picture at a time in a process, so that memory does not grow with callers.

    The same photo in the same style is the same picture, byte for byte, with the same libraries.
    """

    name = "local"
    model = MODEL

    async def draw(self, photo: bytes, style: Style) -> Drawn:
        """Raises `PhotoRefused` where the photo cannot be decoded; nothing else is to be expected."""
        return await asyncio.to_thread(_drawn, photo, style)

    async def aclose(self) -> None:
        """There is nothing to give back."""


def _drawn(photo: bytes, style: Style) -> Drawn:
    # OpenCV and numpy are large and slow to import: only a process that draws has them.
    import cv2

    from esteio.services.petstory.art import canvas

    with _one:
        cv2.setNumThreads(1)  # the worker decides how much runs at once
        half, size = canvas.opened(photo)
        picture = _picture(half, size, style)
        image, media = (canvas.png(picture), "image/png") if style == "line" else (canvas.jpeg(picture), "image/jpeg")
    return Drawn(image, media, *size, provider=LocalArtist.name, model=MODEL, cost=Decimal(0))


def _picture(half: "Picture", size: tuple[int, int], style: Style) -> "Picture":
    # As above: the effects import OpenCV.
    from esteio.services.petstory.art.cartoon import cartoon
    from esteio.services.petstory.art.line import line
    from esteio.services.petstory.art.watercolour import watercolour

    return {"line": line, "cartoon": cartoon, "watercolour": watercolour}[style](half, size)
