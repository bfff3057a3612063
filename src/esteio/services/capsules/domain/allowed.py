"""What domain code may use. A filter that keeps honest work within its field; the wall is the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_MODULES = frozenset(
    [
        "__future__",
        "abc",
        "array",
        "base64",
        "bisect",
        "calendar",
        "cmath",
        "collections",
        "collections.abc",
        "colorsys",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "graphlib",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "itertools",
        "json",
        "math",
        "numbers",
        "operator",
        "random",
        "re",
        "secrets",
        "statistics",
        "string",
        "textwrap",
        "time",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
    ]
)
_PARTS: Mapping[str, frozenset[str]] = {
    "io": frozenset({"StringIO", "BytesIO"}),
    "pytest": frozenset({"raises", "approx", "mark", "param", "fixture", "warns"}),
}
_NAMES = frozenset(
    [
        "eval",
        "exec",
        "compile",
        "open",
        "input",
        "breakpoint",
        "exit",
        "quit",
        "globals",
        "locals",
        "vars",
        "getattr",
        "setattr",
        "delattr",
        "memoryview",
        "help",
        "monkeypatch",
        "request",
        "pytestconfig",
        "pytester",
        "testdir",
        "tmp_path",
        "tmp_path_factory",
        "tmpdir",
        "capfd",
        "capfdbinary",
        "caplog",
        "recwarn",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "sys",
        "os",
        "builtins",
        "subprocess",
        "socket",
        "ctypes",
        "importlib",
        "inspect",
        "gc",
        "posix",
        "posixpath",
        "_sys",
        "_os",
        "_thread",
        "_io",
        "_imp",
        "_warnings",
        "f_globals",
        "f_locals",
        "f_builtins",
        "f_back",
        "f_code",
        "gi_frame",
        "gi_code",
        "cr_frame",
        "cr_code",
        "ag_frame",
        "ag_code",
        "tb_frame",
        "tb_next",
        "func_globals",
        "mro",
        "modules",
        "get_type_hints",
        "ForwardRef",
        "make_dataclass",
        "attrgetter",
        "methodcaller",
    ]
)
_SPECIAL = frozenset(
    [
        "__class__",
        "__doc__",
        "__eq__",
        "__hash__",
        "__init__",
        "__lt__",
        "__members__",
        "__name__",
        "__new__",
        "__post_init__",
        "__qualname__",
        "__repr__",
        "__setattr__",
        "__str__",
        "__all__",
    ]
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """modules: what may be imported whole. parts: modules of which nothing else may be used.

    names and attributes: what may not be said. special: the names with two underscores that may be used; any may be
    defined.
    """

    modules: frozenset[str] = _MODULES
    parts: Mapping[str, frozenset[str]] = field(default_factory=lambda: dict(_PARTS))
    names: frozenset[str] = _NAMES
    attributes: frozenset[str] = _ATTRIBUTES
    special: frozenset[str] = _SPECIAL
    any_special: bool = False
    """Whether names with two underscores are let through unseen."""

    def written(self) -> dict[str, object]:
        """As the trial's order has it."""
        return {
            "modules": sorted(self.modules),
            "parts": {name: sorted(parts) for name, parts in self.parts.items()},
            "names": sorted(self.names),
            "attributes": sorted(self.attributes),
            "special": sorted(self.special),
            "any_special": self.any_special,
        }
