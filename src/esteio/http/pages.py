"""Pages for people who run into an error with a browser, outside `/api`."""

from html import escape

from esteio.base.errors import EsteioError

PAGE_STATUSES = frozenset({401, 404, 429, 500, 503})

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} {title}</title><link rel="stylesheet" href="{base}/docs/assets/page.css">
<link rel="icon" href="{base}/docs/assets/icon.svg"></head>
<body><main><p class="status">{status}</p><h1>{title}</h1><p>{detail}</p>{retry}
<p class="quiet">Request {request_id}</p></main></body>
</html>
"""


def wants_page(headers: dict[bytes, bytes], status: int) -> bool:
    """Whether the caller is a browser that asks for HTML and the status is one that has a page."""
    return status in PAGE_STATUSES and b"text/html" in headers.get(b"accept", b"")


def error_page(error: EsteioError, request_id: str, base: str) -> bytes:
    """The error in words, as HTML without script or inline style; `base` is the public URL's path."""
    seconds = error.headers.get("Retry-After")
    retry = f"<p>Please try again in {escape(seconds)} seconds.</p>" if seconds else ""
    page = _PAGE.format(
        status=error.status,
        title=escape(error.title),
        detail=escape(error.detail),
        retry=retry,
        request_id=escape(request_id),
        base=escape(base),
    )
    return page.encode()
