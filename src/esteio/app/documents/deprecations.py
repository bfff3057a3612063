"""The operations that will end, when, and what takes their place: where `Link: …; rel="deprecation"` leads."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from esteio.app.documents.frame import Frame
from esteio.http.routing import Operation
from esteio.http.rules import Deprecation

_NONE = "<p>No operation is deprecated.</p>"
_WORDS = """<h1>Deprecated operations</h1>
<p>A deprecated operation keeps its behaviour until its last day and says so in <code>Deprecation</code> (RFC 9745),
<code>Sunset</code> (RFC 8594) and <code>Link</code>. From that day on it answers 410.</p>
{entries}"""
_ENTRY = """<section id="{anchor}"><h2><code>{method} {path}</code></h2>
<dl><dt>Deprecated since</dt><dd>{since}</dd><dt>Ends</dt><dd>{sunset}</dd>
<dt>Use instead</dt><dd><code>{successor}</code></dd></dl></section>"""


def deprecations_page(operations: Iterable[Operation], frame: Frame) -> bytes:
    """All deprecated operations, the one that ends first at the head."""
    found = [(rule.sunset, operation, rule) for operation in operations if (rule := operation.rules.deprecation)]
    found.sort(key=lambda item: (item[0], item[1].path, item[1].method))
    entries = "".join(_entry(operation, rule) for _, operation, rule in found)
    return frame.text("Deprecated operations", _WORDS.format(entries=entries or _NONE))


def _entry(operation: Operation, rule: Deprecation) -> str:
    return _ENTRY.format(
        anchor=escape(rule.page.partition("#")[2] or f"{operation.method}{operation.path}".replace("/", "-")),
        method=operation.method,
        path=escape(operation.path),
        since=_day(rule.since),
        sunset=_day(rule.sunset),
        successor=escape(rule.successor),
    )


def _day(moment: datetime) -> str:
    return f'<time datetime="{moment.date().isoformat()}">{moment.date().isoformat()}</time>'
