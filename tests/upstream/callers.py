"""Processes that call a party, for tests of what holds over all of them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.cli.command import surroundings
from tests.house import eventually

ROOT = Path(__file__).parents[2]


class Caller:
    """`tests.upstream.caller` in a process of its own."""

    def __init__(self, url: str, redis: str, **terms: Any) -> None:
        self._numbers = count(1)
        self._heard: dict[int, Any] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.upstream.caller", json.dumps({"url": url, "redis": redis, "terms": terms})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=surroundings({}),
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def tell(self, do: str, **how: Any) -> int:
        """Have something done, and do not wait for it."""
        number = next(self._numbers)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"number": number, "do": do, **how}).encode() + b"\n")
        self._process.stdin.flush()
        return number

    def heard(self, number: int) -> Any:
        """What came of it."""
        eventually(lambda: number in self._heard or self._process.poll() is not None, 60)
        return self._heard.pop(number)

    def ask(self, do: str, **how: Any) -> Any:
        return self.heard(self.tell(do, **how))

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(30)
        self._listening.join(30)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # What is logged before logs are configured is written there too.
            if line.startswith(b'{"number"'):
                said = json.loads(line)
                self._heard[said["number"]] = said["what"]


@contextmanager
def callers(number: int, url: str, redis: str, **terms: Any) -> Iterator[list[Caller]]:
    """So many processes that are ready, until the block ends."""
    with ExitStack() as stack:
        started = []
        for _ in range(number):
            started.append(Caller(url, redis, **terms))
            stack.callback(started[-1].kill)
        for one in started:
            one.heard(0)
        yield started
