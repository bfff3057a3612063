"""Restarting and ending processes: real ones, by a clock that is turned."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from esteio.embedded.child import Program
from esteio.embedded.children import Children, end_orphans
from esteio.embedded.identity import birth_mark
from esteio.embedded.patience import until
from esteio.embedded.refusals import ExitCode, Refused
from esteio.embedded.supervision import Backoff, Supervision

SLEEP = ("/bin/sleep", "60")


class Turnable:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def program(*command: str, log: Path | None = None) -> Program:
    return Program("Sleeper", command, {"PATH": os.defpath}, log=log)


def test_child_that_keeps_ending_is_given_up(place: Path) -> None:
    """Delays double up to their bound; after the last try the house is told, with the child's last words."""
    clock, said = Turnable(), list[str]()
    children = Children(place / "children.json")
    children.start(program("/bin/sh", "-c", "echo no luck >&2; exit 3", log=place / "log"))
    supervision = Supervision(children, said.append, Backoff(first=1, longest=4, tries=4, steady=1e12), clock)
    delays = []
    with pytest.raises(Refused, match=r"ended 5 times in a row, last with 3\.\nno luck") as caught:
        for _ in range(5):
            assert until(children.living[0].gone, 30)
            delays.append(supervision.look())
            clock.seconds += delays[-1]
            assert supervision.look() > 1000
    assert caught.value.code == ExitCode.FAILED
    assert delays == [1, 2, 4, 4]
    assert len(said) == 4


def test_child_that_lived_long_is_forgiven(place: Path) -> None:
    """A crash after a steady life waits the first delay again, however many came before."""
    clock = Turnable()
    children = Children(place / "children.json")
    child = children.start(program("/bin/false"))
    supervision = Supervision(children, lambda _: None, Backoff(first=1, steady=60), clock)
    for _ in range(3):
        assert until(children.living[0].gone, 30)
        clock.seconds = child.started + 61 + clock.seconds
        assert supervision.look() == pytest.approx(1)
        clock.seconds += 1
        supervision.look()


def test_orphans_end_by_their_record_and_nobody_else(place: Path) -> None:
    """A recorded process ends; one whose number was given to another process since does not."""
    record = place / "children.json"
    with subprocess.Popen(SLEEP) as orphan, subprocess.Popen(SLEEP) as stranger:
        try:
            births = {orphan.pid: birth_mark(orphan.pid), stranger.pid: "another life"}
            record.write_text(json.dumps([{"pid": pid, "birth": births[pid], "stop": 15} for pid in births]))
            assert end_orphans(record) == 2
            assert (orphan.wait(30), stranger.poll()) == (-15, None)
            assert not record.exists()
        finally:
            orphan.kill()
            stranger.kill()


def test_record_cut_short_says_nothing(place: Path) -> None:
    """A record half written when the machine went down does not stop the next start."""
    record = place / "children.json"
    record.write_text('[{"pid": 1, ')
    assert end_orphans(record) == 0


def test_birth_mark_tells_processes_apart() -> None:
    """The mark stays the same over a process's life, and is none once it ended, reaped or not."""
    with subprocess.Popen(SLEEP) as process:
        first = birth_mark(process.pid)
        assert first == birth_mark(process.pid) != birth_mark(os.getpid())
        process.kill()
        assert until(lambda: birth_mark(process.pid) is None, 30)
    assert birth_mark(process.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
def test_children_die_with_their_starter(place: Path) -> None:
    """A starter killed with -9 takes its children along, without anybody cleaning up."""
    code = (
        "import sys, pathlib; from esteio.embedded.children import Children; from esteio.embedded.child import Program;"
        f"child = Children(pathlib.Path({str(place / 'record')!r})).start(Program('x', {SLEEP!r}, {{}}));"
        "print(child.pid, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        assert until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sleep"), 30)
        starter.kill()
    assert until(lambda: birth_mark(pid) is None, 30)
