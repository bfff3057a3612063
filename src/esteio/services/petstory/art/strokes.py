"""The lines a hand would draw: differences of Gaussians across the edges of a photo, smoothed along them.

Kang, Lee, Chui: Coherent Line Drawing (2007); Winnemöller, Kyprianidis, Olsen: XDoG (2012).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from esteio.services.petstory.art.canvas import Picture

HUE = 6.5
"""What a change of colour counts against one of lightness."""


@dataclass(frozen=True, slots=True)
class Pen:
    """`width` is the line's, in pixels of the half size; `faint` is the weakest contrast that makes a line and `firm`
    the one that each line must reach somewhere; lines shorter than `shortest` (a share of the longest edge) are specks.
    """

    width: float
    faint: float
    firm: float
    shortest: float


def strokes(photo: Picture, pen: Pen) -> Picture:
    """How much ink lies where: 0 is none, 1 is all (float32, the photo's size)."""
    light, hues = _calm(photo, pen.width)
    across, along = _directions(light, hues, pen.width * 2)
    contrast = _contrast(light, across, pen.width)
    # An edge between colours has no dark side: the line is where the colour changes most.
    np.maximum(contrast, HUE * _contrast(-_change(hues), across, pen.width), out=contrast)
    contrast = _flowing(contrast, along, math.ceil(pen.width * 4))
    ink = np.clip((contrast - pen.faint * 0.5) / (pen.faint * 0.8), 0, 1)
    return _without_specks(ink, contrast, pen)


def _calm(photo: Picture, width: float) -> tuple[Picture, Picture]:
    """Lightness and the two colour values without hair and grain."""
    lab = cv2.cvtColor(photo, cv2.COLOR_BGR2LAB)
    for _ in range(3):
        lab = cv2.bilateralFilter(lab, 9, 26, 5)
    hues = cv2.GaussianBlur(cv2.medianBlur(cv2.merge([lab[:, :, 1], lab[:, :, 2]]), 5), (0, 0), width * 0.5)
    return lab[:, :, 0].astype(np.float32), hues.astype(np.float32)


def _slopes(values: Picture) -> tuple[Picture, Picture]:
    return cv2.Sobel(values, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(values, cv2.CV_32F, 0, 1, scale=0.25)


def _change(hues: Picture) -> Picture:
    dx, dy = _slopes(hues)
    change: Picture = np.sqrt((dx * dx).sum(axis=2) + (dy * dy).sum(axis=2))
    return change


def _directions(light: Picture, hues: Picture, smooth: float) -> tuple[Picture, Picture]:
    """Unit vectors (x, y) across and along the edges, everywhere."""
    xx, xy, yy = (np.zeros_like(light) for _ in range(3))
    for values in (cv2.GaussianBlur(light, (0, 0), 1.0), 2 * hues[:, :, 0], 2 * hues[:, :, 1]):
        dx, dy = _slopes(values)
        xx += dx * dx
        xy += dx * dy
        yy += dy * dy
    xx, xy, yy = (cv2.GaussianBlur(product, (0, 0), smooth) for product in (xx, xy, yy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    cos, sin = np.cos(angle), np.sin(angle)
    return cv2.merge([cos, sin]), cv2.merge([-sin, cos])


def _grid(like: Picture) -> Picture:
    rows, columns = like.shape[:2]
    x, y = np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)
    return cv2.merge([np.tile(x, (rows, 1)), np.repeat(y[:, None], columns, axis=1)])


def _at(values: Picture, places: Picture) -> Picture:
    return cv2.remap(values, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload, no-any-return]


def _contrast(tones: Picture, across: Picture, width: float) -> Picture:
    """How much darker a place is than what lies to both its sides."""
    near, far = width * 0.5, width * 0.5 * 1.6
    reach = math.ceil(far * 2.5)
    steps = np.arange(-reach, reach + 1)
    bells = [np.exp(-(steps**2) / (2 * sigma**2)) for sigma in (near, far)]
    weights = bells[1] / bells[1].sum() - bells[0] / bells[0].sum()
    grid, total = _grid(tones), np.zeros_like(tones)
    for step, weight in zip(steps, weights, strict=True):
        total += np.float32(weight) * _at(tones, grid + np.float32(step) * across)
    return total


def _flowing(contrast: Picture, along: Picture, reach: int) -> Picture:
    """The contrast's mean along the edges, so that a line goes on where the edge is weak for a bit."""
    bell = np.exp(-(np.arange(reach + 1) ** 2) / (2 * (reach / 2) ** 2))
    total = np.float32(bell[0]) * contrast
    for way in (1.0, -1.0):
        places = _grid(contrast)
        heading = np.float32(way) * along
        for weight in bell[1:]:
            places += heading
            total += np.float32(weight) * _at(contrast, places)
            turned = _at(along, places)
            # Directions have no sense of forward: go on the way the line was going.
            sense = np.where((turned * heading).sum(axis=2, keepdims=True) < 0, np.float32(-1), np.float32(1))
            heading = turned * sense
    mean: Picture = total / np.float32(2 * bell.sum() - bell[0])
    return mean


def _without_specks(ink: Picture, contrast: Picture, pen: Pen) -> Picture:
    """Only lines that are firm somewhere and long enough to be meant."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0.25).astype(np.uint8), connectivity=8)
    firm = np.bincount(labels.ravel(), weights=(contrast > pen.firm).ravel(), minlength=count) > pen.width * 3
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    long = (extent >= pen.shortest * max(ink.shape)) & (stats[:, cv2.CC_STAT_AREA] >= pen.width**2 * 2)
    keep = firm & long
    keep[0] = False
    return np.where(keep[labels], ink, np.float32(0))
