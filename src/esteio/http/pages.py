"""Pages for people who run into an error with a browser, outside `/api`. They need no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from esteio.base.errors import EsteioError, FieldError
from esteio.http.page_words import ENGLISH, FRAMES, PORTUGUESE, ErrorWords, FrameWords, Tongue, tongue_of

PAGE_STATUSES = frozenset(ENGLISH)
LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d="M3 15 16 4l13 11" fill="none" '
    'stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>'
    '<path d="M13 13h6v15h-6z" fill="#b5651d"/></svg>'
)
"""The picture of icon.svg, drawn in the colour of the text beside it."""

_PAGE = """<!doctype html>
<html lang="{tongue}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>{title} · {name}</title><link rel="stylesheet" href="{base}/docs/assets/page.css">
<link rel="icon" type="image/svg+xml" href="{base}/docs/assets/icon.svg"></head>
<body><a class="skip" href="#content">{skip}</a>
<header class="bar"><a class="home" href="{base}/">{logo}{name}</a></header>
<main id="content" class="refusal" tabindex="-1"><p class="status">{status}</p><h1>{title}</h1>
{happened}
<p>{advice}</p>{wait}
<p class="ways">{ways}</p>
<p class="quiet">{request}</p></main></body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """What all error pages of a house have: its name, the public URL's path, whether one can sign in at /console."""

    name: str
    base: str
    console: bool


def wants_page(headers: dict[bytes, bytes], status: int) -> bool:
    """Whether the caller is a browser that asks for HTML and the status is one that has a page."""
    return status in PAGE_STATUSES and b"text/html" in headers.get(b"accept", b"")


def page_tongue(headers: dict[bytes, bytes]) -> Tongue:
    """The language of the page for a request with these headers."""
    return tongue_of(headers.get(b"accept-language", b"").decode("latin-1"))


def error_page(error: EsteioError, request_id: str, frame: PageFrame, *, tongue: Tongue, repeatable: bool) -> bytes:
    """The error in words: what happened, what to do now, what to tell support; HTML without script or inline style.

    `repeatable`: whether opening the address again asks for the same.
    """
    words, around = _words(error, tongue), FRAMES[tongue]
    page = _PAGE.format(
        tongue=tongue,
        status=error.status,
        title=escape(words.title),
        happened=_happened(error, words),
        advice=escape(words.advice),
        wait=_wait(error, around),
        ways=" ".join(_ways(error.status, frame, around, repeatable=repeatable)),
        request=escape(around.request.format(request_id)),
        base=escape(frame.base),
        name=escape(frame.name),
        logo=LOGO,
        skip=escape(around.skip),
    )
    return page.encode()


def _words(error: EsteioError, tongue: Tongue) -> ErrorWords:
    if tongue == "en":
        return ErrorWords(ENGLISH[error.status].advice, error.title, error.detail)
    return PORTUGUESE[error.status]


def _happened(error: EsteioError, words: ErrorWords) -> str:
    """The API speaks English: what is more than the kind's words is marked as such in another language's page."""
    said = [f"<p>{escape(words.happened)}</p>"]
    if words.happened is not error.detail and not error.is_plain and error.detail != error.words:
        said.append(f'<p lang="en">{escape(error.detail)}</p>')
    if error.status == 422:
        said.append(_fields(error.errors))
    return "\n".join(said)


def _fields(errors: Sequence[FieldError]) -> str:
    rows = "".join(
        f"<li><code>{escape(one.field)}</code>: {escape(one.message)}</li>" for one in errors if one.field is not None
    )
    return f'<ul lang="en">{rows}</ul>' if rows else ""


def _wait(error: EsteioError, around: FrameWords) -> str:
    seconds = error.headers.get("Retry-After")
    if not seconds:
        return ""
    words = around.wait_one if seconds == "1" else around.wait.format(seconds)
    return f"<p><strong>{escape(words)}</strong></p>"


def _ways(status: int, frame: PageFrame, around: FrameWords, *, repeatable: bool) -> list[str]:
    """Where to go from here, the likeliest first. An empty address is that of the page, with its query."""
    ways: list[tuple[str, str]] = []
    if status in (401, 403) and frame.console:
        ways.append((f"{frame.base}/console", around.sign_in))
    if status in (429, 500, 503, 504) and repeatable:
        ways.append(("", around.again))
    ways.append((f"{frame.base}/", around.start))
    return [
        f'<a class="{"main" if place == 0 else "other"}" href="{escape(href)}">{escape(words)}</a>'
        for place, (href, words) in enumerate(ways)
    ]
