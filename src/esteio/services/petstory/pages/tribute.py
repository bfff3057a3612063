"""The tribute page: the pet, its story, and of each style a picture. For everybody who has the book's QR code."""

from collections.abc import Sequence
from html import escape

from esteio.mail.headers import clean
from esteio.services.petstory.addresses import tribute_picture_path
from esteio.services.petstory.pages.frame import Drawn, figure, framed, heading, paragraph
from esteio.services.petstory.pages.words import WORDS, Words
from esteio.services.petstory.story.days import written_day
from esteio.services.petstory.tributes import Picture, Tribute


def tribute_page(tribute: Tribute, token: str, *, prefix: str) -> bytes:
    """The whole page. `token` is that of its address, `prefix` the path of the public URL."""
    words = WORDS[tribute.language]
    name = clean(tribute.pet_name) or words.nameless
    body = [heading(name), _facts(tribute, words), *_pictures(tribute.pictures, words, name, token, prefix)]
    title = clean(tribute.title)
    if title:
        body.append(f'<h2 dir="auto">{escape(title)}</h2>')
    body += [paragraph(line) for text in tribute.paragraphs for line in _lines(text)]
    return framed(Drawn(name, tribute.language, body), prefix=prefix)


def _facts(tribute: Tribute, words: Words) -> str:
    told = (
        (words.species, clean(tribute.species or "")),
        (words.breed, clean(tribute.breed or "")),
        (words.born, written_day(tribute.born, tribute.language) if tribute.born else ""),
    )
    rows = [f'<dt>{escape(label)}</dt><dd dir="auto">{escape(fact)}</dd>' for label, fact in told if fact]
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def _pictures(pictures: Sequence[Picture], words: Words, name: str, token: str, prefix: str) -> list[str]:
    return [
        figure(
            prefix + tribute_picture_path(token, one.id),
            words.picture.format(name, words.styles[one.style]),
            words.styles[one.style],
            one.size,
        )
        for one in pictures
    ]


def _lines(text: str) -> list[str]:
    """The paragraphs of a text; one that is longer than a line of a header keeps its words."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
