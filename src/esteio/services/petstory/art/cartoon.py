"""Few flat colours with ink round them."""

import cv2
import numpy as np

from esteio.services.petstory.art.canvas import Picture
from esteio.services.petstory.art.strokes import Pen, strokes

PEN = Pen(width=3.0, faint=0.9, firm=2.2, shortest=0.03)
COLOURS = 18
BIN = 8
INK = (34, 24, 26)
SMALL = 640
"""Longest edge at which areas are found: what is smaller than one of its pixels belongs to what is round it."""


def cartoon(photo: Picture, size: tuple[int, int]) -> Picture:
    """The photo's own colours, stronger, at most `COLOURS` of them, and ink."""
    calm = _calm(photo)
    picture = _painted(calm, _palette(calm), size)
    ink = cv2.resize(cv2.GaussianBlur(strokes(photo, PEN), (0, 0), 1.0), size, interpolation=cv2.INTER_CUBIC)
    veil = np.clip((ink - 0.3) / 0.3, 0, 1)
    for channel, tone in enumerate(INK):
        plane = picture[:, :, channel]
        plane[:] = (plane + (tone - plane.astype(np.float32)) * veil).astype(np.uint8)
    return picture


def _calm(photo: Picture) -> Picture:
    """Small, in flat areas, with stronger colours."""
    factor = min(1.0, SMALL / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else photo
    if min(small.shape[:2]) >= 32:
        small = cv2.pyrMeanShiftFiltering(small, 7, 22, maxLevel=1)
    lab = cv2.cvtColor(cv2.medianBlur(small, 5), cv2.COLOR_BGR2LAB).astype(np.float32)
    lab[:, :, 0] = np.clip((lab[:, :, 0] - 128) * 1.1 + 134, 0, 255)
    lab[:, :, 1:] = np.clip((lab[:, :, 1:] - 128) * 1.3 + 128, 0, 255)
    return lab


def _palette(lab: Picture) -> Picture:
    """The colours that stand for all others best (Lab)."""
    bins, counts = np.unique((lab.reshape(-1, 3) / BIN).astype(np.uint8), axis=0, return_counts=True)
    # By the root of their area: a tongue is small and must stay red.
    many = np.sqrt(counts).astype(np.intp) + 1
    pixels = np.repeat(bins.astype(np.float32) * BIN + BIN / 2, many, axis=0)
    cv2.setRNGSeed(1)  # the same photo, the same picture
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(COLOURS, len(bins))
    return cv2.kmeans(pixels, count, None, ends, 2, cv2.KMEANS_PP_CENTERS)[2]  # type: ignore[call-overload, no-any-return]


def _painted(lab: Picture, palette: Picture, size: tuple[int, int]) -> Picture:
    """Each place in the colour that most of its surroundings have: round borders at any size."""
    nearest = np.argmin(np.stack([((lab - colour) ** 2).sum(axis=2) for colour in palette]), axis=0)
    best = np.zeros(size[::-1], np.uint8)
    chosen = np.zeros(size[::-1], np.uint8)
    for number in range(len(palette)):
        share = cv2.GaussianBlur((nearest == number).astype(np.uint8) * 255, (0, 0), 1.6)
        share = cv2.resize(share, size, interpolation=cv2.INTER_CUBIC)
        more = share > best
        chosen[more] = number
        np.maximum(best, share, out=best)
    means = palette.copy()
    for number in np.unique(nearest):
        means[number] = lab[nearest == number].mean(axis=0)
    tones = cv2.cvtColor(means[None].astype(np.uint8), cv2.COLOR_LAB2BGR)[0]
    flat: Picture = tones[chosen]
    return cv2.GaussianBlur(flat, (3, 3), 0)
