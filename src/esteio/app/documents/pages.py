"""Every page of one application: what is made, from what, and when it may be shown."""

from collections.abc import Callable, Iterable
from functools import partial
from html import escape
from urllib.parse import urlsplit

import orjson

from esteio.app.documents.deprecations import deprecations_page
from esteio.app.documents.frame import Frame
from esteio.app.documents.kept import Kept
from esteio.app.documents.linked import Linked
from esteio.app.documents.reference import reference_page
from esteio.app.documents.refusals import error_page, known_kinds, list_page
from esteio.base.errors import NotFound
from esteio.http.routing import Operation
from esteio.http.settings import HttpSettings

VERSIONS = ("v2", "v1")
_HTML = "text/html"
_SWAGGER = """<nav class="choices" aria-label="Version of the API">{chooser}</nav>
<noscript><p>This page needs scripts; the <a href="{reference}">reference</a> does not.</p></noscript>
<main id="content" tabindex="-1"><div id="swagger-ui" data-document="{document}" data-prefix="{prefix}"></div></main>"""


class Pages:
    """Each page is made when it is first asked for, since the routes are complete only after the application is.

    `document` gives the bytes of a version's OpenAPI document, `operations` all operations of the application.
    """

    def __init__(
        self,
        *,
        name: str,
        release: str,
        settings: HttpSettings,
        document: Callable[[str], bytes],
        operations: Callable[[], Iterable[Operation]],
    ) -> None:
        prefix = urlsplit(settings.public_url).path
        self.linked = Linked(prefix, swagger_ui=settings.swagger_ui)
        self.frame = Frame(name=name, prefix=prefix, menu=_menu(settings), address=self.linked.address)
        self._source = document
        self._release = release
        self._readers = {version: Kept(partial(self._reader, version), _HTML) for version in VERSIONS}
        self._references = {version: Kept(partial(self._reference, version), _HTML) for version in VERSIONS}
        self._shown = {"/docs": settings.swagger_ui, "/redoc": settings.redoc}
        self._errors: dict[str, Kept] = {}
        self.documents = {version: Kept(partial(document, version), "application/json") for version in VERSIONS}
        self.landing = Kept(self._landing, _HTML)
        self.errors = Kept(lambda: list_page(self.frame), _HTML)
        self.deprecations = Kept(lambda: deprecations_page(operations(), self.frame), _HTML)

    def reader(self, version: str) -> Kept:
        """Swagger UI. Raises `NotFound` where it is off, and for an unknown version."""
        return self._one_of(self._readers, version, "/docs")

    def reference(self, version: str) -> Kept:
        """The reference without scripts. Raises as `reader` does."""
        return self._one_of(self._references, version, "/redoc")

    def error(self, slug: str) -> Kept:
        """Raises `NotFound` for what is no kind of error, so that no more pages are kept than there are kinds."""
        if slug not in known_kinds():
            raise NotFound
        return self._errors.setdefault(slug, Kept(partial(error_page, slug, self.frame), _HTML))

    def _one_of(self, pages: dict[str, Kept], version: str, path: str) -> Kept:
        if not self._shown[path] or version not in pages:
            raise NotFound
        return pages[version]

    def _reader(self, version: str) -> bytes:
        link = self.frame.link
        body = _SWAGGER.format(
            chooser=self._chooser("/docs", version),
            document=link(f"/api/{version}/openapi.json"),
            reference=link(f"/redoc?version={version}"),
            prefix=escape(self.frame.prefix),
        )
        styles, scripts = ("swagger-ui.css", "swagger.css"), ("swagger-ui-bundle.js", "swagger.js")
        return self.frame.page(f"Try out {version}", body, styles=styles, scripts=scripts)

    def _reference(self, version: str) -> bytes:
        chooser = f'<nav class="choices" aria-label="Version of the API">{self._chooser("/redoc", version)}</nav>'
        body = reference_page(orjson.loads(self._source(version)), chooser)
        return self.frame.page(f"Reference {version}", body, styles=("page.css",))

    def _chooser(self, path: str, present: str) -> str:
        links = ((version, self.frame.link(f"{path}?version={version}")) for version in VERSIONS)
        document = f'<a href="{self.frame.link(f"/api/{present}/openapi.json")}">openapi.json</a>'
        return "".join(_chosen(words, href, words == present) for words, href in links) + document

    def _landing(self) -> bytes:
        entries = [*self.frame.menu, *((f"OpenAPI {item}", f"/api/{item}/openapi.json") for item in VERSIONS)]
        entries.append(("Health", "/health"))
        links = "".join(f'<li><a href="{self.frame.link(path)}">{escape(words)}</a></li>' for words, path in entries)
        head = f'<h1>{escape(self.frame.name)}</h1><p class="quiet">Release {escape(self._release)}</p>'
        return self.frame.text("Start", f"{head}<ul>{links}</ul>")


def _menu(settings: HttpSettings) -> tuple[tuple[str, str], ...]:
    try_out = (("Try it out", "/docs"),) if settings.swagger_ui else ()
    reference = (("Reference", "/redoc"),) if settings.redoc else ()
    console = (("Console", "/console"),) if settings.console else ()
    return (*console, *try_out, *reference, ("Errors", "/errors"), ("Deprecations", "/docs/deprecations"))


def _chosen(words: str, href: str, present: bool) -> str:
    current = ' aria-current="page"' if present else ""
    return f'<a href="{href}"{current}>{escape(words)}</a>'
