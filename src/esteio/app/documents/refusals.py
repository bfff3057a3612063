"""A page for every kind of error: what `type` in an error's body leads to."""

from html import escape
from pathlib import Path

import esteio
from esteio.app.documents import markup
from esteio.app.documents.frame import Frame
from esteio.base.errors import EsteioError, NotFound, kinds


def pages_folder() -> Path:
    """Where the texts lie: in an installed package beside the code, in a checkout under `docs/errors`."""
    package = Path(esteio.__file__).parent
    installed = package / "error_pages"
    return installed if installed.is_dir() else package.parents[1] / "docs" / "errors"


def known_kinds() -> dict[str, type[EsteioError]]:
    """Slug → the kind of error that first took its code, which is the most general one."""
    found: dict[str, type[EsteioError]] = {}
    for kind in kinds():
        found.setdefault(kind.slug(), kind)
    return found


def list_page(frame: Frame) -> bytes:
    """All kinds by status."""
    rows = "".join(
        f'<tr><td>{kind.status}</td><td><a href="{frame.link("/errors/" + slug)}"><code>{kind.code}</code></a></td>'
        f"<td>{escape(kind.title)}</td></tr>"
        for slug, kind in sorted(known_kinds().items(), key=lambda item: (item[1].status, item[0]))
    )
    return frame.text("Errors", _LIST.format(rows=rows))


_LIST = """<h1>Errors</h1>
<p>Every answer that is not a success is a problem document (RFC 9457): <code>type</code> leads to one of these pages,
<code>errors[].code</code> holds the code, <code>request_id</code> is what support asks for.</p>
<div class="wide" tabindex="0"><table><thead><tr><th scope="col">Status</th><th scope="col">Code</th>
<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def error_text(slug: str) -> str:
    """The text of one kind. A kind without one (of a product from elsewhere) has what its class says.

    Raises `NotFound` for what is no kind of error; the slug never becomes a path before it is known.
    """
    kind = known_kinds().get(slug)
    if kind is None:
        raise NotFound
    path = pages_folder() / f"{slug}.md"
    if path.is_file():
        return path.read_text("utf-8")
    return f"# {kind.code}\n\n{kind.status} · {kind.title}\n\n{kind.words}\n"


def error_page(slug: str, frame: Frame) -> bytes:
    """The page of one kind. Raises as `error_text` does."""
    text = error_text(slug)
    title = text.partition("\n")[0].lstrip("# ")
    back = f'<p class="quiet"><a href="{frame.link("/errors")}">All errors</a></p>'
    return frame.text(title, markup.html(text, frame.prefix) + back)
