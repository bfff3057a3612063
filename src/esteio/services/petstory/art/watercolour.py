"""Thin paint on rough paper.

The density of the pigment changes the colour as in Bousseau, Kaplan, Thollot, Sillion: Interactive watercolor rendering
with temporal coherence and abstraction (2006): c' = c - (c - c²)(d - 1).
"""

import cv2
import numpy as np

from esteio.services.petstory.art.canvas import Picture

SMALL = 800
"""Longest edge at which the washes are mixed."""


def watercolour(photo: Picture, size: tuple[int, int]) -> Picture:
    """Soft washes with wet edges, thinning out towards a rim of bare paper."""
    random = np.random.default_rng(1)
    washes = _wobbled(_washes(photo), random)
    density = _wet_edges(washes) + 0.62 * (_clouds(washes.shape[:2], 6, random) - 0.5)
    grain = _clouds(size[::-1], 1, random)
    thick = cv2.resize(density, size, interpolation=cv2.INTER_LINEAR) + 0.22 * (grain - 0.5)
    covered = _covered(size, random)
    large = cv2.resize(washes, size, interpolation=cv2.INTER_CUBIC)
    paper = 1 - 0.05 * grain
    for channel in range(3):
        plane = large[:, :, channel].astype(np.float32) / 255
        plane -= (plane - plane * plane) * thick
        large[:, :, channel] = np.clip((1 - covered * (1 - plane)) * paper * 255, 0, 255).astype(np.uint8)
    return large


def _washes(photo: Picture) -> Picture:
    """Small, light, in few depths with soft steps between them."""
    factor = min(1.0, SMALL / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else photo
    if min(small.shape[:2]) >= 32:
        small = cv2.pyrMeanShiftFiltering(small, 8, 20, maxLevel=1)
    for _ in range(2):
        small = cv2.bilateralFilter(cv2.medianBlur(small, 7), 9, 30, 6)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    steps = lab[:, :, 0] / 255 * 8
    whole = np.floor(steps)
    soft = whole + 0.5 + 0.5 * np.tanh(3.2 * (steps - whole - 0.5)) / np.tanh(1.6)
    lab[:, :, 0] = 255 * (0.16 + 0.84 * (0.35 * steps + 0.65 * soft) / 8)
    lab[:, :, 1:] = (lab[:, :, 1:] - 128) * 1.28 + 128
    return cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2BGR)


def _wobbled(washes: Picture, random: np.random.Generator) -> Picture:
    """Borders as a brush leaves them."""
    rows, columns = washes.shape[:2]
    reach = 0.008 * max(rows, columns)
    x = np.arange(columns, dtype=np.float32) + reach * (_clouds((rows, columns), 4, random) - 0.5)
    y = np.arange(rows, dtype=np.float32)[:, None] + reach * (_clouds((rows, columns), 4, random) - 0.5)
    return cv2.remap(washes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _wet_edges(washes: Picture) -> Picture:
    """Pigment gathers where a wash ends."""
    light = cv2.cvtColor(washes, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    near, far = cv2.GaussianBlur(light, (0, 0), 1.2), cv2.GaussianBlur(light, (0, 0), 5)
    slope = cv2.magnitude(cv2.Sobel(near, cv2.CV_32F, 1, 0), cv2.Sobel(near, cv2.CV_32F, 0, 1))
    slope = cv2.GaussianBlur(slope, (0, 0), 1)
    wet: Picture = np.clip(4.0 * (far - near), 0, 0.7) + np.clip(1.2 * slope, 0, 0.6)
    return wet


def _covered(size: tuple[int, int], random: np.random.Generator) -> Picture:
    """Where there is paint: all but a ragged rim."""
    columns, rows = size
    rim = 0.045 * min(size)
    x = np.minimum(np.arange(columns), np.arange(columns)[::-1]).astype(np.float32)
    y = np.minimum(np.arange(rows), np.arange(rows)[::-1]).astype(np.float32)
    inside = np.minimum(x[None, :], y[:, None]) / max(rim, 1.0)
    inside -= 1.6 * _clouds((rows, columns), 6, random)
    covered: Picture = np.clip(inside * 2.2 + 0.6, 0, 1)
    return covered


def _clouds(shape: tuple[int, ...], octaves: int, random: np.random.Generator) -> Picture:
    """Noise from 0 to 1 whose coarsest grain is 2 to the power of `octaves` finer ones; 1 is paper's."""
    rows, columns = shape[:2]
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        step = 3 * 2**octave
        coarse = random.random((max(2, rows // step + 1), max(2, columns // step + 1)), dtype=np.float32)
        layer = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
        total += np.float32(2.0 ** (octave - octaves)) * layer
    return cv2.normalize(total, None, 0, 1, cv2.NORM_MINMAX)  # type: ignore[call-overload, no-any-return]
