"""The search of the suite's logs finds what it looks for, whoever wrote it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ADMIN_KEY
from tests.logs.planted import plant, planted
from tests.logs.search import leaks

ROOT = Path(__file__).parent.parent.parent
HEAD = '{"event":"said","level":"info","timestamp":"2026-11-22T10:00:00Z","words":'

SUITE = """
import logging
from pathlib import Path

from esteio.telemetry import output
from esteio.telemetry.logs import configure, log
from esteio.telemetry.settings import TelemetrySettings
from tests.logs.kept import keep_file


def test_writes_as_it_should():
    configure(TelemetrySettings(log_format="json"))
    log("esteio.trial").info("said", words="first\\r\\nsecond")


def test_writes_past_the_mask():
    output.write({line!r} + "\\n")


def test_starts_a_process(tmp_path):
    (tmp_path / "log").write_text({child!r} + "\\n")
    keep_file(tmp_path / "log")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a suite is written that no suite around it configures."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.logs.plugin"]\n')
    return tmp_path


def _run(folder: Path, line: str, child: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_trial.py").write_text(SUITE.replace("{line!r}", repr(line)).replace("{child!r}", repr(child)))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:valkey", *more, str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_suite_that_leaks_nothing_passes(folder: Path) -> None:
    """Lines as they should be end a run well."""
    done = _run(folder, HEAD + '"x"}', HEAD + '"y"}', "-n", "0")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_suite_that_leaks_fails_and_says_where(folder: Path, workers: str) -> None:
    """A run whose tests all pass fails, naming test and line, whether a house here wrote it or a process."""
    done = _run(folder, HEAD + f'"{ADMIN_KEY}"}}', HEAD + '"ana@example.org"}', "-n", workers)
    assert done.returncode == 1, done.stdout
    assert "3 passed" in done.stdout
    told = done.stdout.partition("what should not be in a log")[2]
    assert "test_writes_past_the_mask" in told
    assert ADMIN_KEY in told
    assert "test_starts_a_process" in told
    assert "ana@example.org" in told
    assert "test_writes_as_it_should" not in told


@pytest.mark.parametrize(
    "line",
    [
        HEAD + '"est_live_0123456789abc"}',
        HEAD + '"est_refresh_0123456789abc"}',
        HEAD + '"Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}',
        HEAD + '"postgresql://esteio:opens@db/esteio"}',
        HEAD + '"a letter to maria.souza@mail.example.com.br"}',
        HEAD + '"123.456.789-09"}',
        HEAD + '"11.222.333/0001-81"}',
        HEAD + '"+55 11 91234-5678"}',
        HEAD + '"(11) 91234-5678"}',
        HEAD + '"Maria Inventada de Souza"}',
        HEAD + '"correct horse battery"}',
        HEAD + '"\u2028"}',
        HEAD + '"\x85"}',
        HEAD + '"a"}\r' + HEAD + '"b"}',
        HEAD + '"cut',
        "Traceback (most recent call last):",
        '{"event":"forged"}',
        "[]",
    ],
)
def test_each_kind_is_found(line: str) -> None:
    """Secrets, personal data and forged lines are found in the midst of good ones."""
    good = HEAD + '"nothing"}\n'
    assert leaks(good, planted()) == []
    found = leaks(good + line + "\n" + good, planted())
    assert found, line
    assert found[0].line in line


@pytest.mark.parametrize(
    "words",
    ["m***@example.org", "***.***.***-**", "postgresql://***@db/esteio", "2026-11-22T10:00:00.000001Z", "127.0.0.1:80"],
)
def test_what_is_masked_is_not_found(words: str) -> None:
    """Masked values and the numbers of everyday are no finding."""
    assert leaks(f'{HEAD}"{words}"}}\n', planted()) == []


def test_a_secret_that_a_test_made_is_told() -> None:
    """What the sources do not show is found once it was planted."""
    line = HEAD + '"made-at-random-0001"}'
    assert leaks(line, planted()) == []
    plant("made-at-random-0001")
    assert len(leaks(line, planted())) == 1
