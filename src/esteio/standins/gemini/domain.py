"""Domain code for a project: a module with its tests where all is well, and each kind that nobody should take."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

PLACE = re.compile(r"\bfrom ([A-Za-z_][\w.]*) import\b")
"""How the prompt says by which name tests import the module."""

MODULE = '''"""Amounts of money in cents, and what a list of positions comes to."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """So many of one thing, at a price in cents."""

    title: str
    quantity: int
    price: int


def total(positions: Iterable[Position]) -> int:
    """The sum in cents. Raises `ValueError` for a negative quantity."""
    found = 0
    for position in positions:
        if position.quantity < 0:
            raise ValueError(f"{position.title}: a quantity is not negative")
        found += position.quantity * position.price
    return found
'''
TESTS = '''"""What a list of positions comes to."""

import pytest
from PLACE import Position, total


def test_quantities_count() -> None:
    """Each position counts as often as its quantity says."""
    assert total([Position("bread", 2, 350), Position("roll", 10, 40)]) == 1100


def test_nothing_costs_nothing() -> None:
    """An empty list comes to zero."""
    assert total([]) == 0


def test_a_negative_quantity_is_refused() -> None:
    """It is named by its title."""
    with pytest.raises(ValueError, match="bread"):
        total([Position("bread", -1, 350)])
'''
PLAIN = "from PLACE import total\n\n\ndef test_total() -> None:\n    assert total([]) == 0\n"


def _module(*lines: str) -> tuple[str, str]:
    """A module whose function does this, and a test that is content with whatever it gives back."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"def total(positions: list[int]) -> int:\n{body}    return 0\n", PLAIN


CODE: Mapping[str, tuple[str, str, str]] = {
    "code_broken": ("code that does not parse", "def total(positions:\n", PLAIN),
    "code_failing": ("tests that fail", MODULE, TESTS.replace("== 1100", "== 1200")),
    "code_untested": ("tests without a test", MODULE, '"""Nothing."""\n\nfrom PLACE import total\n\nprint(total)\n'),
    "code_hidden": ("code with a letter that turns what is shown", MODULE.replace("cents", "cents\u202e", 1), TESTS),
    "code_endless": ("a loop without end", *_module("while True:", "    pass")),
    "code_sleeping": ("a wait without end", *_module("import time", "time.sleep(100_000)")),
    "code_memory": ("as much memory as there is", *_module("x = [b'x' * 1_000_000]", "while x:", "    x += x")),
    "code_forks": (
        "processes that make processes",
        *_module("import os", "for _ in range(100_000):", "    os.fork()"),
    ),
    "code_threads": (
        "threads without end",
        *_module(
            "import threading",
            "for _ in range(100_000):",
            "    threading.Thread(target=threading.Event().wait, daemon=True).start()",
        ),
    ),
    "code_network": (
        "a connection to 127.0.0.1:9",
        *_module("import socket", "socket.create_connection(ADDRESS, 5).close()"),
    ),
    "code_writes": (
        "a file outside of its own folder",
        *_module("import pathlib", "pathlib.Path(TARGET).write_text('x')"),
    ),
    "code_fills": (
        "files until there is no room",
        *_module(
            "import pathlib",
            "for n in range(100_000):",
            "    pathlib.Path(f'/work/{n}').write_bytes(b'x' * 4_000_000)",
        ),
    ),
    "code_reads": ("/etc/passwd", *_module("import pathlib", "pathlib.Path('/etc/passwd').read_text()")),
    "code_environment": (
        "settings of whoever runs it",
        *_module("import os", "assert any(name.startswith('ESTEIO') or name == 'PATH' for name in os.environ)"),
    ),
    "code_processes": (
        "the processes of the machine",
        *_module("import pathlib", "assert list(pathlib.Path('/proc').iterdir())"),
    ),
    "code_exits": ("an end before the tests have one", *_module("import os", "os._exit(0)")),
    "code_forged": (
        "a result of its own",
        'import os\nos.write(60, b\'{"word": "x", "exit": 0, "outcomes": {"test_total": "passed"}}\\n\')\n'
        "os._exit(0)\n",
        PLAIN,
    ),
    "code_patches": (
        "a runner that calls everything passed",
        "import _pytest.reports\n_pytest.reports.TestReport.passed = True\n\n\n"
        "def total(positions: list[int]) -> int:\n    return 1\n",
        PLAIN,
    ),
}
"""By outcome: what it is in words, the module, its tests. `ADDRESS` and `TARGET` are for who asks to put in."""

WORDS: Mapping[str, str] = {name: f"200 with {words}" for name, (words, _, _) in CODE.items()}
ADDRESS, TARGET = ("127.0.0.1", 9), "/tmp/outside"  # noqa: S108 - what hostile code would write to


def wanted(schema: Mapping[str, Any]) -> bool:
    """Whether the answer is to be a module with tests."""
    return {"module", "tests"} <= set(schema.get("properties", {}))


def coded(prompt: str, outcome: str = "ok") -> str:
    """The answer in JSON: of that outcome, or one that passes."""
    _, module, tests = CODE.get(outcome, ("", MODULE, TESTS))
    found = PLACE.search(prompt)
    place = found[1] if found else "domain"
    module = module.replace("ADDRESS", repr(ADDRESS)).replace("TARGET", repr(TARGET))
    summary = "Sums positions of quantity and price, in cents."
    return json.dumps({"summary": summary, "module": module, "tests": tests.replace("PLACE", place)})
