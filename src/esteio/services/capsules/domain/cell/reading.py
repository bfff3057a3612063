"""Whether the sources are Python, and say nothing that is not allowed. They are parsed, not run."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 300


class Refused(Exception):
    """The sources are not run."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words[:_LONGEST]


def read(sources: Mapping[str, str], own: str, allowed: Mapping[str, Any]) -> list[str]:
    """The names of the test functions in `sources["tests"]`, which may import `own`. Raises `Refused`."""
    trees = {name: _parsed(name, text) for name, text in sources.items()}
    _demand(trees["module"], "module", allowed, frozenset())
    _demand(trees["tests"], "tests", allowed, frozenset({own}))
    functions = [node.name for node in trees["tests"].body if isinstance(node, ast.FunctionDef)]
    tests = [name for name in functions if name.startswith("test_")]
    if not tests or own not in {name for node in ast.walk(trees["tests"]) for name in _imported(node)}:
        raise Refused("NO_TESTS", f"tests: there is no function test_… that uses what it imports from {own}")
    if len(tests) != len(set(tests)):
        raise Refused("NO_TESTS", "tests: two functions have one name")
    return tests


def _parsed(name: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise Refused("NOT_PARSED", f"{name}, line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Refused("NOT_PARSED", f"{name}: {type(error).__name__}") from error


def _demand(tree: ast.Module, where: str, allowed: Mapping[str, Any], own: frozenset[str]) -> None:
    guarded = {name for name in allowed["parts"] if where == "tests" or name != "pytest"}
    used_rightly: set[int] = set()
    for node in ast.walk(tree):
        for name in _imported(node):
            if name not in allowed["modules"] and name not in guarded and name not in own:
                raise Refused("FORBIDDEN_IMPORT", f"{where}, line {_line(node)}: {name} may not be imported")
        _demand_parts(node, where, allowed, used_rightly)
        for name in _said(node):
            if _is_forbidden(name, node, allowed) and id(node) not in used_rightly:
                raise Refused("FORBIDDEN_NAME", f"{where}, line {_line(node)}: {name} may not be used")


def _demand_parts(node: ast.AST, where: str, allowed: Mapping[str, Any], used_rightly: set[int]) -> None:
    """Of some modules only parts: `module.part`, or `from module import part`."""
    parts = allowed["parts"]
    said: list[tuple[str, str]] = []
    if isinstance(node, ast.ImportFrom) and (module := node.module or "") in parts:
        said = [(module, alias.name) for alias in node.names]
    elif isinstance(node, ast.Import):
        said = [(alias.name, "as") for alias in node.names if alias.name in parts and alias.asname]
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in parts:
        said = [(node.value.id, node.attr)]
        used_rightly.add(id(node.value))
    for module, part in said:
        if part not in parts[module]:
            raise Refused("FORBIDDEN_NAME", f"{where}, line {_line(node)}: {module}.{part} may not be used")


def _is_forbidden(name: str, node: ast.AST, allowed: Mapping[str, Any]) -> bool:
    if name.startswith("__") and name.endswith("__"):
        return name not in allowed["special"] and not allowed["any_special"]
    if isinstance(node, ast.Name | ast.arg) and (name in allowed["names"] or name in allowed["parts"]):
        return True
    return name in allowed["attributes"] or name.startswith("pytest_")


def _said(node: ast.AST) -> Iterator[str]:
    """The names that a node uses; those of functions and classes only where they are no special methods."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            if not name.startswith("__"):
                yield name
        case ast.ImportFrom(names=names):
            yield from (alias.name for alias in names)
        case ast.MatchClass(kwd_attrs=names):
            yield from names


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)
