"""What a model is asked to draw. Nothing that a customer wrote is in it: it could be an order of its own."""

from collections.abc import Mapping

from esteio.services.petstory.schemas import Style

_KEEP = (
    "Redraw the attached photo. Keep the animal's pose, proportions, markings and expression so that its family would "
    "know it at once, and keep the picture's framing. Fill the frame. Add no words, letters, signature, watermark or "
    "border. Answer with the picture alone."
)

PROMPTS: Mapping[Style, str] = {
    "line": "A page of a colouring book: clean black outlines of even width on pure white, closed shapes that are "
    "large enough to be coloured with pencils, no grey, no shading, no hatching, a simple background. " + _KEEP,
    "watercolour": "A watercolour painting on rough white paper: transparent washes, soft wet edges, visible "
    "granulation and a little bare paper at the rim, in the photo's own colours. " + _KEEP,
    "cartoon": "A friendly cartoon: bold ink outlines, few flat bright colours with one tone of shadow each, a simple "
    "background, in the photo's own colours. " + _KEEP,
}

RATIOS: tuple[tuple[int, int], ...] = ((1, 1), (2, 3), (3, 2), (3, 4), (4, 3), (9, 16), (16, 9), (21, 9))
"""Of the pictures that every model draws."""


def ratio_for(width: int, height: int) -> str:
    """The ratio nearest to the photo's: as many times too wide as another would be too narrow."""
    proportion = width / height
    across, down = min(
        RATIOS, key=lambda ratio: max(proportion * ratio[1] / ratio[0], ratio[0] / ratio[1] / proportion)
    )
    return f"{across}:{down}"
