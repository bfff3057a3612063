"""The letters of the book, all from packages, so that every machine sets the same book.

Latin, Greek and Cyrillic are Libertinus, which Typst brings along; Chinese, Japanese and Korean are in one package,
the other scripts and the emoji in another. A package that is not installed leaves its letters out of the book.
"""

from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("noto_cjk_sans_jp_regular", "manimgx_fonts")

FAMILIES = (
    "Libertinus Serif",
    "Noto Sans CJK JP",
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Thai",
    "Noto Emoji",
)
"""Asked in this order; letters that none of them has are looked for in all other fonts of the packages."""


def folders() -> list[Path]:
    """Where the font files are."""
    found = (find_spec(name) for name in _PACKAGES)
    return [Path(place) for spec in found if spec for place in spec.submodule_search_locations or ()]
