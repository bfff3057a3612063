"""The workflows: the linters of their format have nothing to say, and they hold no power that they do not use."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
TOOLS = Path(sys.executable).parent
FOLDER = ROOT / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
on_linux = pytest.mark.skipif(not (TOOLS / "actionlint").exists(), reason="actionlint and zizmor are not installed")


def workflow(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def run(*words: str | Path, said: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, input=said, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


@on_linux
def test_actionlint_has_nothing_to_say() -> None:
    """Each workflow is of the format, its expressions and shell lines are right; one that is not is found out."""
    said = run(TOOLS / "actionlint", f"-shellcheck={TOOLS / 'shellcheck'}", *FILES)
    assert (said.returncode, said.stdout) == (0, "")
    wrong = (FOLDER / "test.yml").read_text().replace("matrix.python }}", "matrix.pyhton }}")
    assert "pyhton" in run(TOOLS / "actionlint", "-", said=wrong).stdout


@on_linux
def test_zizmor_finds_nothing_to_attack(tmp_path: Path) -> None:
    """No finding of any grade; a workflow whose shell runs what a stranger has written is found out."""
    said = run(TOOLS / "zizmor", "--offline", "--no-progress", "--no-config", FOLDER)
    assert said.returncode == 0, said.stdout
    text = (FOLDER / "test.yml").read_text()
    (tmp_path / "test.yml").write_text(
        text.replace("run: make check", "run: echo ${{ github.event.pull_request.title }}")
    )
    said = run(TOOLS / "zizmor", "--offline", "--no-progress", "--no-config", tmp_path / "test.yml")
    assert "template-injection" in said.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_are_the_ones_that_were_looked_at(file: Path) -> None:
    """Every action is named by a full commit, with its version beside it: a moved tag changes nothing."""
    used = [line.split("uses:")[1].strip() for line in file.read_text().splitlines() if "uses:" in line]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_power_is_given_by_the_job(file: Path) -> None:
    """A workflow has no permission of its own; a job writes only to publish, and only where it is guarded."""
    whole = workflow(file)
    assert whole["permissions"] == {}
    for name, job in whole["jobs"].items():
        assert "timeout-minutes" in job, name
        writes = [what for what, how in job["permissions"].items() if how == "write"]
        assert not writes or job["environment"] == "release", name
    assert "pull_request_target" not in whole[True]


def test_what_runs_here_is_what_runs_there() -> None:
    """The tests' workflow runs the targets of the Makefile, and those exist."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"run: make ([a-z-]+)", "".join(file.read_text() for file in FILES)))
    assert {"check", "test"} <= used
    assert used - {"test-ops"} <= targets


@on_linux
@pytest.mark.parametrize("name", ["house", "contract", "habits"])
def test_scripts_of_the_scans_are_shell(name: str) -> None:
    """shellcheck has nothing to say about them."""
    said = run(TOOLS / "shellcheck", "--shell=bash", "--external-sources", f".github/scan/{name}.sh")
    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize("name", ["pip-audit", "wapiti"])
def test_tools_of_the_scans_are_locked(name: str) -> None:
    """What scans is installed by hash, and is what was asked for."""
    wanted = re.match(r"[\w-]+", (ROOT / f".github/scan/{name}.in").read_text())
    lock = (ROOT / f".github/scan/{name}.lock").read_text()
    assert wanted is not None
    assert re.search(rf"^{wanted[0]}==", lock, re.MULTILINE)
    assert lock.count("--hash=sha256:") > 10
    assert "://" not in lock


def test_an_audit_that_did_not_happen_fails() -> None:
    """The audit is strict, is of what is installed, and nothing swallows how it ended."""
    steps = workflow(FOLDER / "scan.yml")["jobs"]["dependencies"]["steps"]
    [audit] = [step for step in steps if "pip-audit --strict" in step.get("run", "")]
    assert "continue-on-error" not in audit
    assert "||" not in audit["run"]
