"""The release before this one: where it is found, and how its code is run with the libraries that are installed."""

import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.command import NOWHERE
from tests.house import ADMIN_KEY, NO_TLS

TREE = Path(__file__).parents[2]
RECORDED = Path(__file__).parent / "previous-release"
"""The commit that stands for the previous release as long as no release is tagged."""


def git(*arguments: str) -> bytes:
    """What git says of this checkout. Skips the test where there is no git, no history, or not enough of it."""
    try:
        done = subprocess.run(["git", "-C", TREE, *arguments], capture_output=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("git is not installed, so that the previous release's code cannot be had")
    if done.returncode:
        pytest.skip(f"this is no checkout with history: {done.stderr.decode().strip()[:200]}")
    return done.stdout


def previous_release() -> str:
    """The highest tag `v…` before this commit, else the recorded commit."""
    here = git("rev-parse", "HEAD").decode().strip()
    for tag in git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname").decode().split():
        if git("rev-list", "-n", "1", tag).decode().strip() != here:
            return tag
    return RECORDED.read_text().strip()


def unpacked(release: str, into: Path) -> Path:
    """The sources of a release; where they are to be imported from."""
    with tarfile.open(fileobj=BytesIO(git("archive", release, "src", "docs/errors"))) as archive:
        archive.extractall(into, filter="data")
    return into / "src"


@dataclass
class Process:
    """A process of either release, and what it logged."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, words: str) -> bool:
        text = self.log.read_text()
        assert self.process.poll() is None, text[-2000:]
        return words in text


@contextmanager
def process(source: Path, words: list[str], environment: Mapping[str, str]) -> Iterator[Process]:
    """`esteio …` of the sources for the time of the block; it is asked to end, and then made to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESTEIO_", "PROMETHEUS_"))}
    with tempfile.NamedTemporaryFile(prefix="esteio-test-log-") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "esteio", *words],
            env={**kept, "PYTHONPATH": str(source), "ESTEIO_TELEMETRY__LOG_FORMAT": "json", **environment},
            cwd=NOWHERE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield Process(running, Path(log.name))
        finally:
            _end(running)


def _end(running: subprocess.Popen[bytes]) -> None:
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGTERM)
    try:
        running.wait(15)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()


@contextmanager
def api(source: Path, port: int, environment: Mapping[str, str]) -> Iterator["Api"]:
    """The API of the sources, perhaps not ready yet."""
    held = {"X-API-Key": ADMIN_KEY}
    with (
        process(source, ["serve", "--port", str(port)], environment) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=held, timeout=30, verify=NO_TLS) as client,
    ):
        yield Api(running, client)


@dataclass
class Api:
    running: Process
    client: httpx.Client

    def ready(self) -> bool:
        assert self.running.process.poll() is None, self.running.log.read_text()[-2000:]
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False
