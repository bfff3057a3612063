"""The filter of names: what domain code may not say is found before it is run."""

import ast

import pytest

from esteio.services.capsules.domain.allowed import Allowed
from esteio.services.capsules.domain.answer import LONGEST, read
from esteio.services.capsules.domain.cell import reading
from esteio.services.capsules.domain.notes import NotTaken
from esteio.standins.gemini.domain import coded

TESTS = "from shop.domain import f\n\n\ndef test_f() -> None:\n    assert f() == 1\n"
RAISES = "import pytest\n" + TESTS


def found(module: str, tests: str = TESTS) -> str:
    """The code of the refusal; empty where there is none."""
    try:
        reading.read({"module": module, "tests": tests}, "shop.domain", Allowed().written())
    except reading.Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    "module",
    [
        "import os",
        "import os.path",
        "from subprocess import run",
        "import dataclasses, socket",
        "from . import other",
        "from .. import other",
        "import shop.settings",
        "import pytest",
        "from importlib import import_module",
        "def f():\n    import ctypes",
        "try:\n    import sys\nexcept ImportError:\n    pass",
    ],
)
def test_imports_are_from_the_list(module: str) -> None:
    """Wherever an import stands, what it names must be allowed."""
    assert found(module) == "FORBIDDEN_IMPORT"


@pytest.mark.parametrize(
    "module",
    [
        "eval('1')",
        "x = __import__",
        "x = __builtins__",
        "open('/etc/passwd')",
        "getattr(1, 'real')",
        "().__class__.__base__",
        "(lambda: 0).__globals__",
        "import dataclasses\ndataclasses.sys",
        "import dataclasses\nmatch dataclasses:\n    case object(sys=s):\n        pass",
        "from dataclasses import sys",
        "import typing\ntyping.get_type_hints(1)",
        "import io\nio.open('x')",
        "from io import FileIO",
        "import io as i",
        "import io\nx = io",
        "from operator import attrgetter",
        "def g():\n    yield\ng().gi_frame",
    ],
)
def test_ways_around_the_list_are_refused(module: str) -> None:
    """Names that lead to everything are none that domain code needs."""
    assert found(module) == "FORBIDDEN_NAME"


@pytest.mark.parametrize(
    "tests",
    [
        "import pytest\npytest.exit('x')\n" + TESTS,
        "from pytest import MonkeyPatch\n" + TESTS,
        "import pytest as p\n" + TESTS,
        "pytest_plugins = ['os']\n" + TESTS,
        "def pytest_runtest_makereport():\n    pass\n" + TESTS,
        TESTS + "\n\ndef test_g(monkeypatch) -> None:\n    f()\n",
        TESTS + "\n\ndef test_g(request) -> None:\n    f()\n",
    ],
)
def test_tests_do_not_reach_for_their_runner(tests: str) -> None:
    """Of pytest only what states expectations may be used."""
    assert found("def f() -> int:\n    return 1\n", tests) == "FORBIDDEN_NAME"


@pytest.mark.parametrize(
    "tests",
    ["x = 1\n", "from shop.domain import f\n\nf()\n", "def test_f() -> None:\n    assert True\n", TESTS + TESTS],
)
def test_tests_there_must_be(tests: str) -> None:
    """At least one function tests what it imports from the module, each under a name of its own."""
    assert found("def f() -> int:\n    return 1\n", tests) == "NO_TESTS"


@pytest.mark.parametrize("module", ["def f(:", "x = '\x00'", "(" * 5_000 + ")" * 5_000, "-" * 200_000 + "1"])
def test_what_is_no_python_is_named_so(module: str) -> None:
    """Whatever keeps the parser from its end has the same name."""
    assert found(module) == "NOT_PARSED"


def test_honest_work_is_let_through() -> None:
    """Dataclasses, special methods, enumerations, `self.__class__.__name__`, StringIO, pytest.raises."""
    module = (
        "from __future__ import annotations\nimport io\nfrom dataclasses import dataclass\nfrom enum import Enum\n"
        "from collections.abc import Iterator\n\n__all__ = ['f']\n\n\nclass Kind(Enum):\n    A = 'a'\n\n\n"
        "@dataclass(frozen=True)\nclass Box:\n    size: int\n\n    def __post_init__(self) -> None:\n"
        "        object.__setattr__(self, 'size', self.size + 1)\n\n    def __iter__(self) -> Iterator[int]:\n"
        "        yield self.size\n\n    def __repr__(self) -> str:\n        return self.__class__.__name__\n\n\n"
        "def f() -> int:\n    out = io.StringIO()\n    out.write('x')\n    return len(out.getvalue())\n"
    )
    tests = RAISES + (
        "\n\n@pytest.mark.parametrize('n', [1])\ndef test_g(n: int) -> None:\n"
        "    with pytest.raises(ValueError):\n        raise ValueError\n"
    )
    ast.parse(module)
    assert found(module, tests) == ""


class TestAnswer:
    def test_the_asked_form(self) -> None:
        """Fences that nobody asked for are taken off, line ends are one kind, the summary is one line."""
        work = read(
            '```json\n{"summary": "a\\nb", "module": "```python\\nx = 1\\r\\ny = 2\\r\\n```", "tests": "y = 1"}\n```'
        )
        assert (work.summary, work.module, work.tests) == ("a b", "x = 1\ny = 2\n", "y = 1\n")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "null",
            "[]",
            "{}",
            "[" * 100_000,
            '{"summary": "s", "module": "x = 1"}',
            '{"summary": "s", "module": 1, "tests": "x"}',
            '{"summary": "s", "module": "x = \\ud800", "tests": "x"}',
            '{"summary": "s", "module": "x = 1 # \\u202e", "tests": "x"}',
            '{"summary": "s", "module": "' + "x" * (LONGEST + 1) + '", "tests": "x"}',
            coded("", "code_hidden"),
        ],
        ids=lambda text: text[:12],
    )
    def test_anything_else_is_not_read(self, text: str) -> None:
        """What is cut, of another shape, too long, or hides what it says is not tried at all."""
        with pytest.raises(NotTaken, match="NOT_READ"):
            read(text)
