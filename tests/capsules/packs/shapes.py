"""What a file says without the texts in it: two files of one shape differ in literals only.

Every shape raises where the file cannot be parsed.
"""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import tree_sitter_go
import tree_sitter_javascript
import tree_sitter_typescript
import yaml
from tree_sitter import Language, Node, Parser

GRAMMARS = {
    ".go": lambda: tree_sitter_go.language(),
    ".js": lambda: tree_sitter_javascript.language(),
    ".mjs": lambda: tree_sitter_javascript.language(),
    ".ts": lambda: tree_sitter_typescript.language_typescript(),
    ".tsx": lambda: tree_sitter_typescript.language_tsx(),
}
LITERALS = {"string", "template_string", "interpreted_string_literal", "raw_string_literal", "jsx_text", "comment"}
_INSTRUCTION = re.compile(
    r"(?:#.*|(?:FROM|ARG|ENV|RUN|COPY|WORKDIR|USER|EXPOSE|HEALTHCHECK|CMD|ENTRYPOINT|VOLUME|LABEL|STOPSIGNAL) .+)?"
)


def shape(path: str, content: bytes) -> Any:
    """Something that is equal for files of one shape. Raises for a file that cannot be parsed."""
    text = content.decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), f"{path} holds what nobody sees"
    name, suffix = PurePosixPath(path).name, PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(text, path)
    if suffix in GRAMMARS:
        return list(_nodes(_tree(suffix, content, path)))
    if suffix == ".sh":
        subprocess.run(["sh", "-n"], input=content, check=True, timeout=30)
        return text
    if name == "Dockerfile":
        return _dockerfile(text)
    for suffixes, parse in ((".json", json.loads), (".toml", tomllib.loads), (".yaml .yml", yaml.safe_load)):
        if suffix and suffix in suffixes.split():
            return _blank(parse(text))
    return None if suffix in (".md", ".html") else text


def _python(text: str, path: str) -> str:
    tree = ast.parse(text, path)
    compile(tree, path, "exec", dont_inherit=True)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@cache
def _parser(suffix: str) -> Parser:
    return Parser(Language(GRAMMARS[suffix]()))


def _tree(suffix: str, content: bytes, path: str) -> Node:
    root = _parser(suffix).parse(content).root_node
    assert not root.has_error, f"{path} cannot be parsed"
    return root


def _nodes(node: Node) -> Iterator[str]:
    yield node.type
    if node.type not in LITERALS:
        for child in node.children:
            yield from _nodes(child)


def _dockerfile(text: str) -> str:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        assert _INSTRUCTION.fullmatch(line), line
    return text


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blank(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_blank(member) for member in value]
    return "" if isinstance(value, str) else value
