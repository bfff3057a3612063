"""Black lines on white paper, to be coloured in."""

import cv2
import numpy as np

from esteio.services.petstory.art.canvas import Picture
from esteio.services.petstory.art.strokes import Pen, strokes

PEN = Pen(width=4.2, faint=0.7, firm=1.5, shortest=0.055)
DARK = 46
"""Lightness of 255 below which an eye or a nose is filled."""


def line(photo: Picture, size: tuple[int, int]) -> Picture:
    """One tone per pixel; mostly white."""
    ink = np.maximum(strokes(photo, PEN), _blacks(photo))
    # Closing mends what a hair has cut: an open outline cannot be filled.
    ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    large = cv2.resize(cv2.GaussianBlur(ink, (0, 0), 1.1), size, interpolation=cv2.INTER_CUBIC)
    # A steep ramp round one half: the lines' edges become sharp, and soft enough not to be stairs.
    paper: Picture = 255 - 255 * np.clip((large - 0.3) / 0.25, 0, 1)
    return paper.astype(np.uint8)


def _blacks(photo: Picture) -> Picture:
    """Small dark places, such as pupils: filled, where all else is left to who colours."""
    light = cv2.medianBlur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), 7)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((light < DARK).astype(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    box = stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    keep = (area > light.size * 0.0002) & (area < light.size * 0.02) & (area > box * 0.45)
    keep[0] = False
    blacks: Picture = keep[labels].astype(np.float32)
    return blacks
