"""What restarts one API process, as a service manager does: `python -m tests.deploy.proxies.replace FOLDER PORT`.

The folder has the process ids by port, and is where each process writes its log.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "esteio")
LONGEST = 60.0


def begin(folder: Path, port: int) -> None:
    """Start `esteio serve` on the port, with the present environment."""
    with (folder / f"{port}.log").open("ab") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    (folder / f"{port}.pid").write_text(str(process.pid))


def end(folder: Path, port: int) -> None:
    """SIGTERM, and wait until it is gone; its port is free then."""
    process = int((folder / f"{port}.pid").read_text())
    os.kill(process, signal.SIGTERM)
    until = time.monotonic() + LONGEST
    while _lives(process):
        if time.monotonic() > until:
            sys.exit(f"{process} did not end within {LONGEST} s")
        time.sleep(0.05)


def _lives(process: int) -> bool:
    """Whether it runs. One of our own children would stay as a zombie, which is dead."""
    with suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    place, number = Path(sys.argv[1]), int(sys.argv[2])
    end(place, number)
    begin(place, number)
