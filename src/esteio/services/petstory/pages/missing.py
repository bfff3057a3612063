"""What is said at an address that leads nowhere, or not any more."""

from esteio.services.petstory.pages.frame import Drawn, framed, heading, paragraph
from esteio.services.petstory.pages.words import WORDS
from esteio.services.petstory.schemas import Language


def missing_page(language: Language, *, prefix: str) -> bytes:
    """It does not say which of the two it is."""
    words = WORDS[language]
    body = [heading(words.missing), paragraph(words.missing_why)]
    return framed(Drawn(words.missing, language, body), prefix=prefix)
