"""A command as the image runs it, without Docker: all is read-only but /tmp, nobody's number, no HOME."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.cli.command import surroundings
from tests.house import AMPLE, NO_TLS, eventually
from tests.logs.kept import keep_file

NUMBER = "10001"
ROOT = Path(__file__).parents[3]


class Confined:
    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def text(self) -> str:
        return self._log.read_text()

    def _family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def until_ready(self, url: str) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.text
            with suppress(httpx.HTTPError):
                return httpx.get(url, timeout=AMPLE, verify=NO_TLS).status_code == 200
            return False

        eventually(ready, 90)

    def numbers(self) -> set[str]:
        """As whom the processes of the house see themselves."""
        ours = [one for one in self._family() if "esteio" in one.cmdline()]
        return {Path(f"/proc/{one.pid}/uid_map").read_text().split()[0] for one in ours}

    def end(self) -> int:
        """SIGTERM to the first process of the house, as an engine sends it; the exit code."""
        first = next(one for one in self._family() if "esteio" in one.cmdline() and "--pulse-fd" not in one.cmdline())
        first.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        if self.process.poll() is None:
            for one in self._family():
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            self.process.kill()
        self.process.wait()


@contextmanager
def confined(*words: str, environment: Mapping[str, str]) -> Iterator[Confined]:
    given = {name: value for name, value in surroundings(environment).items() if name not in ("HOME", "TMPDIR")}
    walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--chdir", "/"]
    walls += ["--tmpfs", "/tmp", "--ro-bind", str(ROOT), str(ROOT)]  # the checkout may lie in /tmp
    nobody = ["--unshare-user", "--uid", NUMBER, "--gid", NUMBER, "--cap-drop", "ALL"]
    with tempfile.NamedTemporaryFile(prefix="esteio-test-log-") as log:
        process = subprocess.Popen(
            [*walls, *nobody, sys.executable, "-m", "esteio", *words],
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        running = Confined(process, Path(log.name))
        try:
            yield running
        finally:
            running.kill()
            keep_file(Path(log.name), objects=False)
