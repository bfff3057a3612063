"""Black lines on white paper, to be coloured in."""

import cv2
import numpy as np
from cv2.typing import MatLike

from esteio.services.petstory.art.strokes import Pen, strokes

PEN = Pen(width=4.2, faint=0.9, firm=2.0, shortest=0.045)
DARK = 46
"""Lightness of 255 below which an eye or a nose is filled."""


def line(photo: MatLike, size: tuple[int, int]) -> MatLike:
    """One tone per pixel; mostly white."""
    ink = np.maximum(strokes(photo, PEN), _blacks(photo))
    large = cv2.resize(cv2.GaussianBlur(ink, (0, 0), 1.1), size, interpolation=cv2.INTER_CUBIC)
    # A steep ramp round one half: the lines' edges become sharp, and soft enough not to be stairs.
    return cv2.convertScaleAbs(255 - 255 * np.clip((large - 0.3) / 0.25, 0, 1))


def _blacks(photo: MatLike) -> MatLike:
    """Small dark places, such as pupils: filled, where all else is left to who colours."""
    light = cv2.medianBlur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), 7)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((light < DARK).astype(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    box = stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    keep = (area > light.size * 0.0002) & (area < light.size * 0.02) & (area > box * 0.45)
    keep[0] = False
    return keep[labels].astype(np.float32)
