"""One parser for each kind of file. Runs in the child process only."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import tree_sitter_go
import tree_sitter_javascript
import tree_sitter_typescript
import yaml
from tree_sitter import Language, Node, Parser

Problem = dict[str, Any]
_LONGEST = 300


def problem_of(path: str, content: bytes) -> tuple[str | None, Problem | None]:
    """The kind of file where there is a parser for it, and what it found wrong."""
    kind = kind_of(path)
    if kind is None:
        return None, None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return kind, problem(kind, None, f"not UTF-8 from byte {error.start} on")
    try:
        return kind, _PARSERS[kind](text)
    except (RecursionError, MemoryError):
        return kind, problem(kind, None, "nested too deeply to be parsed")


def kind_of(path: str) -> str | None:
    """`python`, `json`, … by the file's name; `None` for what has no parser here."""
    name = path.rpartition("/")[2]
    if name == "Dockerfile":
        return "dockerfile"
    if name.startswith("tsconfig"):
        return None  # JSON with comments
    return _SUFFIXES.get(name.rpartition(".")[2].lower()) if "." in name else None


def _python(text: str) -> Problem | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return problem("python", error.lineno, error.msg)
    except ValueError as error:
        return problem("python", None, str(error))
    return None


def _json(text: str) -> Problem | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return problem("json", error.lineno, error.msg)
    return None


def _toml(text: str) -> Problem | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return problem("toml", None, str(error))
    return None


def _yaml(text: str) -> Problem | None:
    try:
        # Its structure only: no aliases are followed, nothing is built.
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return problem("yaml", mark.line + 1 if mark else None, str(getattr(error, "problem", None) or error))
    return None


_FROM = re.compile(r"(?:ARG\s|FROM\s+\S)", re.IGNORECASE)


def _dockerfile(text: str) -> Problem | None:
    """The first instruction of an image is its base (and arguments before it)."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            return None if _FROM.match(line.strip()) else problem("dockerfile", number, "begins without FROM")
    return problem("dockerfile", None, "no instruction")


def _grammar(kind: str, language: Callable[[], Any]) -> Callable[[str], Problem | None]:
    def parse(text: str) -> Problem | None:
        tree = Parser(Language(language())).parse(text.encode())
        if not tree.root_node.has_error:
            return None
        return problem(kind, _line_of_error(tree.root_node), "cannot be parsed from here on")

    return parse


def _line_of_error(node: Node) -> int:
    while not (node.is_error or node.is_missing):
        inside = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inside is None:
            break
        node = inside
    return node.start_point[0] + 1


def problem(kind: str, line: int | None, message: str) -> Problem:
    """What is wrong with a file of this kind, and on which line where that is known."""
    return {"line": line, "code": f"{kind.upper()}_SYNTAX", "message": message[:_LONGEST]}


_PARSERS: dict[str, Callable[[str], Problem | None]] = {
    "python": _python,
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "dockerfile": _dockerfile,
    "javascript": _grammar("javascript", tree_sitter_javascript.language),
    "typescript": _grammar("typescript", tree_sitter_typescript.language_typescript),
    "tsx": _grammar("typescript", tree_sitter_typescript.language_tsx),
    "go": _grammar("go", tree_sitter_go.language),
}
_SUFFIXES = {
    "py": "python",
    "json": "json",
    "toml": "toml",
    "yml": "yaml",
    "yaml": "yaml",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "jsx": "javascript",
    "ts": "typescript",
    "mts": "typescript",
    "tsx": "tsx",
    "go": "go",
}
