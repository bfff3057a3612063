"""A person's words as literals of the languages that files are written in: they never end where they stand.

Every filter takes `Words` or a string. Literals come with their quotes. What cannot be seen is written as an escape.
"""

import html
import json as standard_json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from esteio.services.capsules.packs.words import Words, is_noncharacter, one_line, plain

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~&!$]")
_BLOCK = re.compile(r"^(\s*)(?:([#+=:-])|(\d{1,9})([.)]))")


def py_string(value: Words | str) -> str:
    """A Python literal, with the quotes that a formatter would choose."""
    text = plain(value)
    quote = "'" if text.count('"') > text.count("'") else '"'
    return _literal(text, quote, _braced_nothing)


def toml_string(value: Words | str) -> str:
    """A TOML basic string."""
    return _literal(_scalar(value), '"', _braced_nothing)


def yaml_string(value: Words | str) -> str:
    """A YAML double-quoted scalar on one line."""
    return _literal(_scalar(value), '"', _braced_nothing)


def go_string(value: Words | str) -> str:
    """A Go interpreted string literal."""
    return _literal(_scalar(value), '"', _braced_nothing)


def ts_string(value: Words | str) -> str:
    """A TypeScript or JavaScript literal; `</` is written so that it ends no script element."""
    return _literal(_scalar(value), '"', _pairs).replace("</", "<\\/")


def json(value: Any) -> str:
    """JSON of words, numbers, or lists and objects of them, on one line."""
    return _escaped_json(standard_json.dumps(_bare(value), ensure_ascii=False))


def html_text(value: Words | str) -> str:
    """Text of an HTML element or of a quoted attribute."""
    return html.escape(_shown(one_line(plain(value))))


def markdown(value: Words | str) -> str:
    """Text on one line of Markdown: nothing in it is markup, a link, or HTML."""
    return _block_start(_MARKDOWN.sub(r"\\\g<0>", _shown(one_line(plain(value)))))


def paragraphs(value: Words | str) -> str:
    """Text of several lines as Markdown paragraphs; a line's break stays one."""
    lines = [markdown(line) for line in plain(value).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def comment(value: Words | str, prefix: str) -> str:
    """Text as a comment that ends with its line, such as `#` or `//`; each line of it has the prefix."""
    lines = [_shown(line).rstrip() for line in re.split("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", plain(value))]
    return "\n".join(f"{prefix} {line}".rstrip() for line in lines)


FILTERS: dict[str, Callable[..., str]] = {
    "py_string": py_string,
    "toml_string": toml_string,
    "yaml_string": yaml_string,
    "go_string": go_string,
    "ts_string": ts_string,
    "json": json,
    "html_text": html_text,
    "markdown": markdown,
    "paragraphs": paragraphs,
    "comment": comment,
}


def _literal(text: str, quote: str, beyond: Callable[[int], str]) -> str:
    simple = {"\\": "\\\\", quote: f"\\{quote}", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    written = (simple.get(character) or _escape(character, beyond) for character in text)
    return f"{quote}{''.join(written)}{quote}"


def _escape(character: str, beyond: Callable[[int], str]) -> str:
    code = ord(character)
    if not _hidden(character):
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else beyond(code)


def _braced_nothing(code: int) -> str:
    return f"\\U{code:08x}"


def _pairs(code: int) -> str:
    above = code - 0x10000
    return f"\\u{0xD800 + (above >> 10):04x}\\u{0xDC00 + (above & 0x3FF):04x}"


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or is_noncharacter(ord(character))


def _scalar(value: Words | str) -> str:
    """Text without halves of surrogate pairs, which only Python and JSON can write."""
    return "".join("\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character for character in plain(value))


def _shown(text: str) -> str:
    """Text for where there are no escapes: what cannot be seen is a space or nothing."""
    kept = (character if not _hidden(character) or character in "\u200c\u200d" else "" for character in text)
    return "".join(kept)


def _bare(value: Any) -> Any:
    if isinstance(value, Words | str):
        return _scalar(value)
    if isinstance(value, dict):
        return {_bare(name): _bare(member) for name, member in value.items()}
    return [_bare(member) for member in value] if isinstance(value, list | tuple) else value


def _escaped_json(text: str) -> str:
    return "".join(_escape(character, _pairs) for character in text)


def _block_start(line: str) -> str:
    """Keeps a line from beginning a heading, a list, a rule, an underline."""
    return _BLOCK.sub(
        lambda found: f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}", line
    )
