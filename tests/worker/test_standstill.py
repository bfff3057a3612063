"""A process without a parent notices by itself that its event loop stands still."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.command import surroundings
from tests.house import eventually

LIVES = """
import asyncio, pathlib, sys, time
from esteio.worker.standstill import Standstill

async def live():
    turning = asyncio.create_task(Standstill(2.0).turn())
    for number in range(10_000):
        pathlib.Path(sys.argv[1]).write_text(str(number))
        await asyncio.sleep(0.1)
        if pathlib.Path(sys.argv[2]).exists():
            time.sleep(600)

asyncio.run(live())
"""


@contextmanager
def living(number: Path, block: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", LIVES, str(number), str(block)], env=surroundings({}))
    try:
        eventually(lambda: number.exists() and number.read_text() != "", 60)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_loop_that_stands_still_ends_the_process(tmp_path: Path) -> None:
    """What blocks the loop for longer than the seconds of the setting ends the process with a failure."""
    with living(tmp_path / "number", tmp_path / "block") as process:
        (tmp_path / "block").touch()
        assert process.wait(30) == 1


def test_a_frozen_process_goes_on(tmp_path: Path) -> None:
    """A process that was stopped as a whole, for longer than that, is not taken for one that stands still."""
    number = tmp_path / "number"
    with living(number, tmp_path / "block") as process:
        process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 4
        eventually(lambda: time.monotonic() > end)
        before = number.read_text()
        process.send_signal(signal.SIGCONT)
        eventually(lambda: number.read_text() not in ("", before))
        end = time.monotonic() + 2
        eventually(lambda: time.monotonic() > end or process.poll() is not None)
        assert process.poll() is None
