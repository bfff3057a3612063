"""One operation of the reference: what it takes, what it answers, how it is called."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from esteio.app.documents import markup
from esteio.app.documents.samples import command, sample
from esteio.app.documents.schemas import bounds_of, described, resolved, type_of

_SECTION = """<section class="operation" id="{anchor}"><h3>{title}</h3>
<p class="address"><span class="method">{method}</span> <code>{path}</code></p>{notes}{text}
{parameters}{body}{answers}</section>"""


def anchor(*parts: str) -> str:
    """An id that is safe in an address and in an attribute."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(parts))


@dataclass(frozen=True, slots=True)
class Described:
    """One operation as the document describes it. `kind` is `webhook` for what is sent instead of called."""

    method: str
    path: str
    said: Mapping[str, Any]
    kind: str = ""

    @property
    def anchor(self) -> str:
        return anchor(self.kind or "do", self.said.get("operationId") or f"{self.method}{self.path}")

    @property
    def title(self) -> str:
        return self.path if self.kind else str(self.said.get("summary") or f"{self.method.upper()} {self.path}")


def section(operation: Described, document: Mapping[str, Any]) -> str:
    """The operation as HTML."""
    said = operation.said
    return _SECTION.format(
        anchor=operation.anchor,
        title=escape(operation.title),
        method=escape(operation.method.upper()),
        path=escape(operation.path),
        notes="" if operation.kind else _notes(said),
        text=markup.html(said.get("description") or (said.get("summary", "") if operation.kind else "")),
        parameters=_parameters([resolved(item, document) for item in said.get("parameters", ())]),
        body=_body(operation, document) + _call(operation, document),
        answers=_answers(said.get("responses", {}), document),
    )


def _notes(said: Mapping[str, Any]) -> str:
    permission, sunset = said.get("x-permission"), said.get("x-sunset")
    needed = f"<li>Needs <code>{escape(permission)}</code></li>" if permission else "<li>Public</li>"
    gone = f"<li>Deprecated{', ends ' + escape(sunset) if sunset else ''}</li>" if said.get("deprecated") else ""
    return f'<ul class="notes">{needed}{gone}</ul>'


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f"<tr><td><code>{escape(item['name'])}</code>{_required(item)}</td><td>{escape(item['in'])}</td>"
        f"<td>{type_of(item.get('schema', {}))}{bounds_of(item.get('schema', {}))}</td>"
        f"<td>{markup.inline(item.get('description') or described(item.get('schema', {})))}</td></tr>"
        for item in parameters
    ]
    return _table("Parameters", ("Name", "In", "Type", "Meaning"), rows)


def _required(item: Mapping[str, Any]) -> str:
    return ' <span class="required">required</span>' if item.get("required") else ""


def _body(operation: Described, document: Mapping[str, Any]) -> str:
    body = resolved(operation.said.get("requestBody", {}), document)
    lines = [
        f"<p>{escape(media_type)}: {type_of(media.get('schema', {}))}</p>"
        f'<pre tabindex="0"><code>{escape(sample(media, document))}</code></pre>'
        for media_type, media in body.get("content", {}).items()
    ]
    return f"<h4>Body{_required(body)}</h4>{''.join(lines)}" if lines else ""


def _call(operation: Described, document: Mapping[str, Any]) -> str:
    if operation.kind:
        return ""
    line = command(operation.method, operation.path, operation.said, document)
    return f'<h4>Call</h4><pre tabindex="0"><code>{escape(line)}</code></pre>'


def _answers(answers: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """A row for each status; headers that all of them have are named once, below."""
    found = [(status, resolved(answer, document)) for status, answer in answers.items()]
    bodies = [set(said.get("headers", {})) for status, said in found if status != "304"]
    shared = set.intersection(*bodies) if bodies else set()
    table = _table("Answers", ("Status", "Meaning", "Body", "Headers"), [_answer(*item, shared) for item in found])
    return table + (f'<p class="quiet">Every answer with a body has {_codes(shared)}.</p>' if shared else "")


def _answer(status: str, said: Mapping[str, Any], shared: set[str]) -> str:
    kinds = "<br>".join(type_of(media.get("schema", {})) for media in said.get("content", {}).values())
    headers = _codes(set(said.get("headers", {})) - shared)
    words = markup.inline(said.get("description", ""))
    return f"<tr><td>{escape(status)}</td><td>{words}</td><td>{kinds}</td><td>{headers}</td></tr>"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in sorted(names))


def _table(title: str, heads: Iterable[str], rows: list[str]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{words}</th>' for words in heads)
    return (
        f'<h4>{title}</h4><div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
