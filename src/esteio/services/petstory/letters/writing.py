"""A mail as a letter: the same words as HTML and as text. Names are data in both, whatever they look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from esteio.mail.headers import clean
from esteio.mail.letter import Attachment, Letter
from esteio.services.petstory.letters.told import Told, Where
from esteio.services.petstory.letters.words import COMMON, KINDS, Common
from esteio.services.petstory.schemas import Language

LARGEST_BOOK = 10_485_760
"""Bytes of a book that goes along with its mail."""

_HTML = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="margin:0;padding:1.5em 1em;font-family:sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em;margin:0 auto">
<h1 style="font-size:1.4em;line-height:1.3">{greeting}</h1>
{body}
<p style="font-size:0.85em">{yours}</p>
<p style="font-size:0.85em">{house}</p>
</div></body></html>
"""
_PARAGRAPH = "<p>{}</p>"
_LINK = '<p>{}<br><a href="{}">{}</a></p>'
_BUTTON = (
    '<p><a href="{}" style="display:inline-block;padding:0.7em 1.2em;border-radius:0.4em;'
    'background:#1d4f7c;color:#ffffff;text-decoration:none">{}</a></p>'
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph; with an address it leads somewhere, as a button where it has a label."""

    text: str
    address: str | None = None
    button: str = ""


def written(told: Told, where: Where, *, house: str, files: Sequence[Attachment] = ()) -> Letter:
    """The letter. Its id follows from the mail's, so that a mailbox can tell when it gets one twice."""
    language: Language = told.order.language  # type: ignore[assignment]
    words, common = KINDS[told.kind][language], COMMON[language]
    known = {"name": clean(told.order.pet_name) or common.nameless, "photos": _photos(told.photos, common)}
    parts = [_Part(said.format(**known)) for said in words.said]
    parts += _leading(told, where, bool(files))
    greeting = words.greeting.format(**known)
    return Letter(
        id=f"petstory-{told.kind}-{told.mail}",
        to=told.email,
        subject=words.subject.format(**known),
        text=_text(greeting, parts, common.yours, house),
        html=_html(greeting, parts, common.yours, house, language),
        language=language,
        attachments=tuple(files),
    )


def _leading(told: Told, where: Where, attached: bool) -> list[_Part]:
    """Where the mail leads to, the most wanted first."""
    language: Language = told.order.language  # type: ignore[assignment]
    words, common = KINDS[told.kind][language], COMMON[language]
    if told.kind != "book" or where.book is None:
        return [_Part(common.order, where.order, words.button)]
    parts = [_Part(words.attached if attached else words.linked, where.book, words.button)]
    parts.append(_Part(common.order, where.order))
    if where.tribute is not None:
        parts.append(_Part(common.tribute, where.tribute))
    return parts


def _photos(places: Sequence[int], common: Common) -> str:
    named = [common.photo.format(number=place) for place in places]
    if not named:
        return common.no_photo
    return common.last.join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]


def _text(greeting: str, parts: Sequence[_Part], yours: str, house: str) -> str:
    lines = [greeting, *(f"{part.text}\n{part.address}" if part.address else part.text for part in parts)]
    return "\n\n".join([*lines, yours, f"-- \n{house}"]) + "\n"


def _html(greeting: str, parts: Sequence[_Part], yours: str, house: str, language: Language) -> str:
    return _HTML.format(
        language=escape(language),
        title=escape(greeting),
        greeting=escape(greeting),
        body="\n".join(_shown(part) for part in parts),
        yours=escape(yours),
        house=escape(house),
    )


def _shown(part: _Part) -> str:
    if part.address is None:
        return _PARAGRAPH.format(escape(part.text))
    link = _LINK.format(escape(part.text), escape(part.address), escape(part.address))
    return _BUTTON.format(escape(part.address), escape(part.button)) + "\n" + link if part.button else link
