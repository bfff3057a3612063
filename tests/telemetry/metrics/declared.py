"""The metrics that the code declares, read from its source: name, type and labels."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import esteio

ROOT = Path(esteio.__file__).parent
KINDS = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "Family": "gauge",
    "TenantCount": "gauge",
    "_gauge": "gauge",
    "_attended": "gauge",
}
"""What is called to declare one, and its type. `Family` may say that it is another."""


@dataclass(frozen=True)
class Declared:
    """`labels` are `None` where the source does not list them beside the name."""

    name: str
    kind: str
    labels: frozenset[str] | None


def declared() -> dict[str, Declared]:
    """By name."""
    return {found.name: found for file in sorted(ROOT.rglob("*.py")) for found in _in_file(file)}


def _in_file(file: Path) -> Iterator[Declared]:
    text = file.read_text()
    if "esteio_" not in text:
        return
    tree = ast.parse(text)
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    yield from _composed(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            name = _name(node, constants)
            if name.startswith("esteio_"):
                yield Declared(name, KINDS[node.func.id], _labels(node))


def _composed(tree: ast.AST) -> Iterator[Declared]:
    """Families whose names are a prefix and the first member of each tuple in the same function."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        prefixes = [
            str(one.values[0].value)
            for one in ast.walk(function)
            if isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant)
        ]
        for prefix in prefixes:
            if prefix.startswith("esteio_"):
                firsts = (one.elts[0] for one in ast.walk(function) if isinstance(one, ast.Tuple) and len(one.elts) > 2)
                named = [str(one.value) for one in firsts if isinstance(one, ast.Constant)]
                yield from (Declared(prefix + name, "gauge", None) for name in named)


def _name(node: ast.Call, constants: dict[str, object]) -> str:
    named = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
    first = [*node.args[:1], *named]
    if not first:
        return ""
    value = first[0]
    if isinstance(value, ast.Name):
        return str(constants.get(value.id, ""))
    return str(value.value) if isinstance(value, ast.Constant) else ""


def _labels(node: ast.Call) -> frozenset[str] | None:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called == "_gauge":
        return frozenset({"process"})
    if called not in ("Counter", "Gauge", "Histogram"):
        return None
    listed = node.args[2] if len(node.args) > 2 else None
    if not isinstance(listed, ast.List):
        return frozenset()
    return frozenset(str(one.value) for one in listed.elts if isinstance(one, ast.Constant))
