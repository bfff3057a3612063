"""What a stranger's code does behind the wall stays there, and ends."""

import asyncio
import json
import shutil
import socket
import sys
import time
from pathlib import Path

import fastapi
import pytest

import esteio
from esteio.services.capsules.domain.allowed import Allowed
from esteio.services.capsules.domain.notes import NotTaken
from esteio.services.capsules.domain.sandbox import NoSandbox
from esteio.services.capsules.domain.trial import Sources, demand_sandbox, tried
from esteio.standins.gemini.domain import ADDRESS, CODE, TARGET, coded
from tests.capsules.domain.wall import cells, needs_wall
from tests.house import eventually

OPEN = Allowed(
    modules=Allowed().modules | {"gc", "os", "pathlib", "socket", "sys", "threading", "_pytest.reports"},
    names=frozenset(),
    attributes=frozenset(),
    any_special=True,
)
"""The filter of names put away: the wall has to hold by itself."""

SECONDS = 2.0
LATEST = 20.0
"""When a trial of two seconds has surely ended, on a busy machine."""


def sources(outcome: str, **put_in: str) -> Sources:
    """What the stand-in answers, with an address or a target of the test's own."""
    written = json.loads(coded("from orders.domain import …", outcome))
    module = written["module"]
    for word, value in put_in.items():
        usual = repr(ADDRESS if word == "address" else TARGET)
        assert usual in module
        module = module.replace(usual, value)
    return Sources("orders", "domain", module, written["tests"])


def note_of(what: Sources, allowed: Allowed = OPEN, seconds: float = SECONDS) -> NotTaken:
    began = time.monotonic()
    with pytest.raises(NotTaken) as caught:
        asyncio.run(tried(what, seconds, allowed))
    assert time.monotonic() - began < LATEST
    assert cells() == []
    return caught.value


@needs_wall
class TestBehindTheWall:
    def test_good_work_passes(self) -> None:
        """A module whose tests pass is let through, with the filter as it is."""
        asyncio.run(tried(sources("ok"), 30.0))
        assert cells() == []

    @pytest.mark.parametrize(
        ("outcome", "note"),
        [
            ("code_broken", "NOT_PARSED"),
            ("code_failing", "TESTS_FAILED"),
            ("code_untested", "NO_TESTS"),
            ("code_endless", "TRIAL_TIMED_OUT"),
            ("code_sleeping", "TRIAL_TIMED_OUT"),
            ("code_memory", "TESTS_FAILED"),
            ("code_forks", "TESTS_FAILED"),
            ("code_threads", "TESTS_FAILED"),
            ("code_fills", "TESTS_FAILED"),
            ("code_reads", "TESTS_FAILED"),
            ("code_environment", "TESTS_FAILED"),
            ("code_processes", "TESTS_FAILED"),
            ("code_exits", "TESTS_FAILED"),
            ("code_forged", "TESTS_FAILED"),
            ("code_patches", "TESTS_FAILED"),
        ],
    )
    def test_what_is_hostile_or_broken_is_not_let_through(
        self, outcome: str, note: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each ends within its time with its note, and no process of it is left."""
        monkeypatch.setenv("ESTEIO_SECRET_KEY", "a secret of the house")
        assert note_of(sources(outcome)).note == note

    def test_nothing_is_written_outside(self, tmp_path: Path) -> None:
        """A file that the code writes is nowhere on the machine."""
        target = tmp_path / "outside"
        words = note_of(sources("code_writes", target=repr(str(target)))).words
        assert "FileNotFoundError" in words
        assert not target.exists()

    def test_nobody_is_called(self) -> None:
        """A listener on this machine hears nothing, by TCP or by a local socket."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0.2)
            address = repr(listening.getsockname())
            assert "PermissionError" in note_of(sources("code_network", address=address)).words
            with pytest.raises(TimeoutError):
                listening.accept()

    def test_the_houses_code_and_files_are_not_there(self) -> None:
        """Neither the product, nor the packages installed beside it, nor a temporary folder can be seen."""
        places = [Path(esteio.__file__).parent, Path(fastapi.__file__).parent, Path(__file__).parent, Path("/tmp")]
        module = (
            "import os\n\n\ndef total(positions: list[int]) -> int:\n"
            f"    return sum(os.path.exists(place) for place in {[str(place) for place in places]!r})\n"
        )
        asyncio.run(tried(Sources("orders", "domain", module, sources("code_reads").tests), 30.0, OPEN))

    def test_a_second_result_does_not_count(self) -> None:
        """A line in which everything passed, written beside the runner's own, does not count: it has not the word."""
        line = '{"exit": 0, "outcomes": {"test_total": "passed"}}\n'
        module = (
            f"import os\nos.write(60, {line.encode()!r})\n\n\ndef total(positions: list[int]) -> int:\n    return 1\n"
        )
        assert note_of(Sources("orders", "domain", module, sources("code_reads").tests)).note == "TESTS_FAILED"

    def test_a_skipped_test_is_no_passed_one(self) -> None:
        """Every test that the source has must run and pass, whatever pytest says of the whole."""
        tests = (
            "import pytest\nfrom orders.domain import total\n\n\n"
            "def test_one() -> None:\n    assert total([]) == 0\n\n\n"
            '@pytest.mark.skipif("1 == 1", reason="never")\ndef test_two() -> None:\n    assert total([]) == 1\n'
        )
        assert note_of(Sources("orders", "domain", sources("ok").module, tests), Allowed()).note == "TESTS_FAILED"

    def test_what_is_told_to_the_model_says_nothing_of_this_machine(self) -> None:
        """The failure that the model is shown has no place of the interpreter in it."""
        words = note_of(sources("code_threads")).words
        assert "threading.py" in words
        assert sys.base_prefix not in words

    def test_a_cancelled_trial_leaves_nothing(self) -> None:
        """Its processes are gone when the cancellation has arrived."""

        async def cancelled() -> None:
            task = asyncio.create_task(tried(sources("code_sleeping"), 100.0, OPEN))
            await asyncio.to_thread(eventually, lambda: len(cells()) > 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
        eventually(lambda: not cells())


def impostor(folder: Path, script: str) -> str:
    """A folder for PATH with a `bwrap` that is not what it should be."""
    place = folder / "bwrap"
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return str(folder)


class TestWithoutAWall:
    def test_no_program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where bubblewrap is missing nothing is run, and it says so."""
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NoSandbox, match="not installed"):
            asyncio.run(demand_sandbox())
        with pytest.raises(NoSandbox, match="not installed"):
            asyncio.run(tried(sources("ok"), SECONDS))

    def test_no_namespaces(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the kernel gives it no namespaces, that is no sandbox."""
        script = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"
        monkeypatch.setenv("PATH", impostor(tmp_path, script))
        with pytest.raises(NoSandbox, match="user namespaces"):
            asyncio.run(demand_sandbox())

    @needs_wall
    @pytest.mark.parametrize(
        ("more", "gap"), [("", "network"), ('"$calls" "$filter" --ro-bind /etc /etc', "people")], ids=["calls", "files"]
    )
    def test_a_wall_with_a_gap(self, more: str, gap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each layer is tried before it is relied on: a sandbox that lets one thing through is none."""
        script = f'calls="$1"; filter="$2"; shift 2; exec {shutil.which("bwrap")} {more} "$@"'
        monkeypatch.setenv("PATH", impostor(tmp_path, script))
        with pytest.raises(NoSandbox, match=gap):
            asyncio.run(demand_sandbox())


def test_every_kind_of_hostile_code_is_tried() -> None:
    """No outcome of the stand-in is left out of these tests, or of those of the answer's form."""
    here = Path(__file__).read_text() + (Path(__file__).parent / "test_writing.py").read_text()
    assert [name for name in CODE if f'"{name}"' not in here] == []
