"""The search of a captured log: for lines that are none, for secrets, for personal data, for forged lines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import orjson

SHOWN = 600
REFUSAL = "esteio: "
MOST = 20
"""Findings of one text that are told."""

_BREAKS = re.compile("[\r\x0b\x0c\x1b\x1c-\x1e\x85\u2028\u2029]")
_NEEDED = ("event", "level", "timestamp")
# Each shape has a literal part: the search for that is a hundred times faster than the shape's own.
_SHAPES = (
    ("est_", re.compile(r"est_(?:live|test|refresh|secret|mail)_[0-9A-Za-z]{6,}")),
    ("whsec_", re.compile(r"whsec_[0-9A-Za-z+/=_-]{4,}")),
    ("eyJ", re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*")),
    ("$argon2", re.compile(r"\$argon2\w*\$[^\s\"*]+")),
    ("://", re.compile(r"://[^\s/@:*\"]*:[^\s/@*\"]+@")),
    ("PRIVATE KEY", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    ("@", re.compile(r"[\w.%+-]+@[\w-]+\.[A-Za-z][\w.-]*")),
    ("+", re.compile(r"(?<![\w+])\+\d{2}[ -]?\(?\d{2}\)?[ -]?\d{4,5}[ -]?\d{4}(?!\w)")),
    ("(", re.compile(r"\(\d{2}\) ?9?\d{4}-\d{4}(?!\w)")),
    (".", re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)")),
    ("/", re.compile(r"(?<![\w.])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\w)")),
)


@dataclass(frozen=True)
class Leak:
    """A line that should not be in a log, and why."""

    why: str
    line: str


def leaks(text: str, planted: Iterable[str], *, objects: bool = True) -> list[Leak]:
    """What is wrong with a log, at most `MOST` findings. Without `objects` its lines are in the form for people."""
    return list(islice(_all(text, planted, objects), MOST)) if text else []


def _all(text: str, planted: Iterable[str], objects: bool) -> Iterator[Leak]:
    for secret in planted:
        if (place := text.find(secret)) >= 0:
            yield Leak(f"shows {secret[:3]}… that a test planted", _around(text, place))
    for literal, shape in _SHAPES:
        if literal in text:
            for hit in shape.finditer(text):
                yield Leak(f"has the shape of {shape.pattern[:30]}", _around(text, hit.start()))
    for hit in _BREAKS.finditer(text):
        yield Leak(f"has {hit.group()!r} within", _around(text, hit.start()))
    if objects:
        yield from _no_objects(text)


def _no_objects(text: str) -> Iterator[Leak]:
    refused = False
    for line in text.split("\n"):
        # A process that refuses to start says so to people, in a sentence and perhaps a list below it.
        refused = line.startswith(REFUSAL) or (refused and line.startswith("  "))
        if not line or refused:
            continue
        try:
            found = orjson.loads(line)
        except ValueError:
            yield Leak("is not one JSON object", line[:SHOWN])
            continue
        if not isinstance(found, dict) or any(name not in found for name in _NEEDED):
            yield Leak("is not of the house's form", line[:SHOWN])


def _around(text: str, place: int) -> str:
    """The line that the place is in, or as much as may be shown of it."""
    begin = max(text.rfind("\n", 0, place) + 1, place - SHOWN // 2)
    end = text.find("\n", place)
    return text[begin : len(text) if end < 0 else end][:SHOWN]
