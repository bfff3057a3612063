"""Names that a project's files can bear, from whatever a person called it."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256

from esteio.services.capsules.packs.technology import DATA

LONGEST = 40
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "ħ": "h",
        "&": " and ",
    }
)


def slug(name: str) -> str:
    """The name in 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter.

    A name without Latin letters or digits gives `project-` and a digest, the same each time. Names that some language,
    its library or a dependency has already get `-app` behind them.
    """
    found = _latin(name) or f"project-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    if not found[0].isalpha():
        found = f"project-{found}"
    found = found[:LONGEST].rstrip("-")
    return f"{found[: LONGEST - 4].rstrip('-')}-app" if _taken(found) else found


def package(slug: str) -> str:
    """The slug as an identifier."""
    return slug.replace("-", "_")


def _latin(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    letters = "".join(character for character in apart if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", "-", letters.encode("ascii", "replace").decode()).strip("-")


def _taken(found: str) -> bool:
    return len(found) < 2 or found in reserved() or package(found) in reserved()


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """Names that a project must not have, as `data/reserved.txt` lists them.

    Written down and not asked of the running Python, so that a wish gives the same files whatever runs this.
    """
    lines = (DATA / "reserved.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
