"""A letter in its language: the same words as HTML and as text. Names are data in both, whatever they look like."""

from datetime import timedelta
from html import escape

from esteio.auth.letters.about import Told
from esteio.auth.letters.kinds import Language
from esteio.auth.letters.words import COMMON, WORDS, Common, LetterWords
from esteio.mail.headers import clean
from esteio.mail.letter import Letter

_HTML = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{greeting}</title></head>
<body style="margin:0;padding:1.5em 1em;font-family:sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em;margin:0 auto">
<h1 style="font-size:1.4em;line-height:1.3">{greeting}</h1>
{body}
<p style="font-size:0.85em">{stranger}</p>
<p style="font-size:0.85em">{house}</p>
</div></body></html>
"""
_PARAGRAPH = "<p>{}</p>"
_BUTTON = (
    '<p><a href="{}" style="display:inline-block;padding:0.7em 1.2em;border-radius:0.4em;'
    'background:#1d4f7c;color:#ffffff;text-decoration:none">{}</a></p>'
)
_LINK = '<p>{}<br><a href="{}">{}</a></p>'
_CODE = '<p style="font-size:0.85em">{}<br><code style="word-break:break-all">{}</code></p>'


def written(
    told: Told,
    language: Language,
    *,
    house: str,
    token: str | None,
    link: str | None,
    life: timedelta | None,
    attempt: int,
) -> Letter:
    """The letter. Its id is another for each attempt, since each has a token of its own."""
    words, common = WORDS[language][told.said], COMMON[language]
    known = {"house": clean(house), "organization": clean(told.organization)}
    said = [paragraph.format(**known) for paragraph in words.said]
    lasting = [common.life.format(time=_time(life, common))] if life is not None else []
    greeting, stranger = words.greeting.format(**known), words.stranger.format(**known)
    leads = (link, token) if link is not None and token is not None else None
    return Letter(
        id=f"account-{told.said}-{told.letter}-{attempt}",
        to=told.to,
        subject=words.subject.format(**known),
        text=_text([greeting, *said, *_lines(words, common, leads), *lasting, stranger, f"-- \n{known['house']}"]),
        html=_HTML.format(
            language=escape(language),
            greeting=escape(greeting),
            body="\n".join(_shown(said, words, common, leads, lasting)),
            stranger=escape(stranger),
            house=escape(known["house"]),
        ),
        language=language,
    )


def _text(paragraphs: list[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"


def _lines(words: LetterWords, common: Common, leads: tuple[str, str] | None) -> list[str]:
    if leads is None:
        return []
    link, token = leads
    return [f"{words.link}\n{link}", f"{common.token}\n{token}"]


def _shown(
    said: list[str], words: LetterWords, common: Common, leads: tuple[str, str] | None, lasting: list[str]
) -> list[str]:
    parts = [_PARAGRAPH.format(escape(paragraph)) for paragraph in said]
    if leads is not None:
        link, token = (escape(one) for one in leads)
        parts.append(_BUTTON.format(link, escape(words.button)))
        parts.append(_LINK.format(escape(words.link), link, link))
        parts.append(_CODE.format(escape(common.token), token))
    return parts + [_PARAGRAPH.format(escape(paragraph)) for paragraph in lasting]


def _time(life: timedelta, common: Common) -> str:
    """The largest unit in which it is a whole number."""
    minutes = int(life.total_seconds() // 60)
    for size, names in ((1440, common.days), (60, common.hours), (1, common.minutes)):
        if minutes % size == 0:
            count = minutes // size
            return f"{count} {names[0 if count == 1 else 1]}"
    raise AssertionError("a life is made of minutes")
