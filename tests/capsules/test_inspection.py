"""Comparing versions and validating them, whatever their files hold."""

import json
import subprocess
import sys
from typing import Any

import psutil
import pytest

from esteio.services.capsules.inspection.looking import LARGEST_LOOKED_AT
from esteio.services.capsules.inspection.order import Bounds, Pair
from tests.capsules.maker import BASE, edits, make
from tests.house import Served


def diff(served: Served, capsule: str, **params: Any) -> dict[str, dict[str, Any]]:
    answer = served.client.get(f"{BASE}/{capsule}/diff", params={"per_page": 100, **params})
    assert answer.status_code == 200, answer.text
    return {row["path"]: row for row in answer.json()["data"]}


def report(served: Served, capsule: str, **params: Any) -> dict[str, Any]:
    answer = served.client.post(f"{BASE}/{capsule}/validate", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


class TestCompared:
    def test_what_was_added_changed_and_removed(self, served: Served) -> None:
        """Each file that differs is there once, with its lines as `diff -u` writes them."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"a.txt": "one\ntwo\nthree", "gone.txt": "x\n"})
        edits(served.client, capsule, {"a.txt": "one\nTWO\nthree", "gone.txt": None, "new.txt": "n\n"})
        found = diff(served, capsule)
        assert {path: row["change"] for path, row in found.items()} == {
            "a.txt": "changed",
            "gone.txt": "removed",
            "new.txt": "added",
        }
        assert found["a.txt"]["diff"] == (
            "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n\\ No newline at end of file\n"
        )
        assert (found["a.txt"]["added"], found["a.txt"]["removed"]) == (1, 1)
        assert found["gone.txt"]["diff"].startswith("--- a/gone.txt\n+++ /dev/null\n")
        assert diff(served, capsule, **{"from": 3, "to": 2})["gone.txt"]["change"] == "added"
        assert diff(served, capsule, **{"from": 2, "to": 2}) == {}

    def test_versions_that_are_not_there(self, served: Served) -> None:
        """The first version has none before it, and no capsule has a version that was not made."""
        capsule = make(served.client)["id"]
        for params in ({}, {"from": 1, "to": 7}, {"from": 7}):
            assert served.client.get(f"{BASE}/{capsule}/diff", params=params).status_code == 404
        assert served.client.get(f"{BASE}/{capsule}/diff", params={"from": 0}).status_code == 422

    def test_what_has_no_lines_or_too_many(self, served: Served) -> None:
        """A file with NUL bytes is binary; one of too many lines is named without them."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"b.bin": "a\x00b", "long.txt": "line\n" * 11_000, "ok.txt": "x\n"})
        found = diff(served, capsule)
        assert found["b.bin"]["omitted"] == "binary"
        assert (found["long.txt"]["omitted"], found["long.txt"]["diff"]) == ("too_large", None)
        assert found["ok.txt"]["diff"] is not None

    def test_what_takes_for_ever_is_ended(self, served: Served) -> None:
        """Texts that are slow to compare end in a refusal, and leave no process behind."""
        capsule = make(served.client)["id"]
        slow = [f"{number % 97}\n" for number in range(4_900)]
        edits(served.client, capsule, {f"s{number}.txt": "".join(slow) for number in range(9)})
        edits(served.client, capsule, {f"s{number}.txt": "".join(reversed(slow)) for number in range(9)})
        answer = served.client.get(f"{BASE}/{capsule}/diff", timeout=60)
        assert answer.status_code in (200, 504)
        children = psutil.Process().children(recursive=True)
        assert not any("inspection" in " ".join(child.cmdline()) for child in children if child.is_running())


DEEP = 60_000
UNSOUND: list[tuple[str, str, str]] = [
    ("a.py", "def (:\n", "PYTHON_SYNTAX"),
    ("deep.py", "(" * DEEP, "PYTHON_SYNTAX"),
    ("minus.py", "x = " + "-" * DEEP + "1", "PYTHON_SYNTAX"),
    ("a.json", '{"a": }', "JSON_SYNTAX"),
    ("deep.json", "[" * DEEP, "JSON_SYNTAX"),
    ("a.toml", "a = [", "TOML_SYNTAX"),
    ("a.yaml", "a: [b", "YAML_SYNTAX"),
    ("deep.yaml", "[" * 20_000, "YAML_SYNTAX"),
    ("a.ts", "let a: = {", "TYPESCRIPT_SYNTAX"),
    ("a.tsx", "const a = <b>", "TYPESCRIPT_SYNTAX"),
    ("a.js", "function (", "JAVASCRIPT_SYNTAX"),
    ("a.go", "package x\nfunc {", "GO_SYNTAX"),
    ("sub/Dockerfile", "RUN true\n", "DOCKERFILE_SYNTAX"),
]


class TestValidated:
    @pytest.mark.parametrize("stack", [["Python", "FastAPI", "PostgreSQL", "Redis", "Docker", "GitHub Actions"]])
    def test_what_a_pack_makes_is_sound(self, served: Served, stack: list[str]) -> None:
        """A capsule as it was generated passes every check."""
        found = report(served, make(served.client, tech_stack=stack)["id"])
        assert found["valid"], found
        assert found["parsed"] > 10
        assert found["problems"] == []

    @pytest.mark.parametrize(("path", "content", "code"), UNSOUND, ids=[path for path, _, _ in UNSOUND])
    def test_what_cannot_be_parsed_is_named(self, served: Served, path: str, content: str, code: str) -> None:
        """A file that is not what its name says is named with the reason, however it was meant to harm the parser."""
        capsule = make(served.client)["id"]
        assert edits(served.client, capsule, {path: content}).status_code == 200
        found = report(served, capsule)
        assert not found["valid"]
        assert [(problem["path"], problem["code"]) for problem in found["problems"]] == [(path, code)]

    def test_what_a_project_lacks(self, served: Served) -> None:
        """A capsule without README or container says so."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"README.md": None, "Dockerfile": None})
        failed = {check["name"] for check in report(served, capsule)["checks"] if not check["passed"]}
        assert failed == {"readme", "container"}

    def test_aliases_are_not_followed(self, served: Served) -> None:
        """A YAML that would unfold to gigabytes is parsed as it is written."""
        lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"bomb.yaml": "\n".join(lines)})
        assert report(served, capsule)["valid"]

    @pytest.mark.parametrize("text", ["a\n", "a,", "1;", "()\n"])
    def test_no_file_takes_much_memory(self, text: str) -> None:
        """The texts that cost their parser most take less than 150 MB, in a process that is no other request's."""
        content = (text * (LARGEST_LOOKED_AT // len(text))).encode()
        child = [sys.executable, "-P", "-m", "esteio.services.capsules.inspection"]
        child.append(Bounds("check", 60.0, 1024 * 1_048_576, 1).written())
        # Between them stands a small process: what a child has taken counts from its parent's size on.
        measuring = (
            "import resource, subprocess, sys; "
            "subprocess.run(sys.argv[1:], input=sys.stdin.buffer.read(), check=True, stdout=sys.stderr); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", measuring, *child],
            input=Pair("costly.py", None, content).written(),
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stderr)["parsed"] == 1
        assert int(done.stdout) < 150 * 1024

    def test_large_files_are_left_out_and_counted(self, served: Served) -> None:
        """What is too large to be looked at is counted as such."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"big.json": json.dumps("x" * 300_000)})
        assert report(served, capsule)["not_looked_at"] == 1
