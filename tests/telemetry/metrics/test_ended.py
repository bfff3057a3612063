"""What processes that have ended leave behind."""

import os
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from esteio.telemetry.metrics.directory import locked
from esteio.telemetry.metrics.ended import sweep
from tests.telemetry.metrics.scraping import count_in, counting, shown_in

GONE = 2**22 + 1
"""A number that no process of a Linux machine has."""


def test_counts_stay_and_gauges_go_with_their_process(tmp_path: Path) -> None:
    """After kill -9 the sums are those of all who ever counted, and no gauge of the dead one is left."""
    with counting(tmp_path, 5) as living:
        with counting(tmp_path, 7) as dead:
            assert shown_in(tmp_path).of("esteio_trial_open") == 12
            dead.kill()
            dead.wait()
            shown = shown_in(tmp_path)
        assert shown.of("esteio_trial_open") == 5
        assert shown.of("esteio_trial_total", label="a") == 12
        assert shown.of("esteio_trial_seconds_count", label="a") == 2
        assert shown.of("esteio_trial_last") == 7, "a gauge that is no living process's stays"
        assert not list(tmp_path.glob(f"*_{dead.pid}*"))
        assert list(tmp_path.glob(f"*_{living.pid}*"))


def test_restarts_do_not_fill_the_directory(tmp_path: Path) -> None:
    """However many processes come and go, files and bytes stay bounded, and every count is there."""
    count_in(tmp_path, 1)
    shown_in(tmp_path)
    files, size = len(list(tmp_path.iterdir())), sum(one.stat().st_size for one in tmp_path.iterdir())
    for _ in range(15):
        count_in(tmp_path, 1)
    shown = shown_in(tmp_path)
    assert shown.of("esteio_trial_total", label="a") == 16
    assert shown.of("esteio_trial_seconds_bucket", label="a", le="0.025") == 16
    assert len(list(tmp_path.iterdir())) == files
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) == size


def test_a_fold_that_was_cut_off_counts_nothing_twice(tmp_path: Path) -> None:
    """A process that is killed between the new file and the removal of the old one has not counted it twice."""
    _write(tmp_path / f"counter_{GONE}.db", 3.0)
    _write(tmp_path / "counter_ended.db", 10.0)
    inode = (tmp_path / "counter_ended.db").stat().st_ino
    (tmp_path / "folding").write_text(f"{inode} counter_ended.db counter_{GONE}.db")
    with locked(tmp_path):
        sweep(tmp_path)
    assert _read(tmp_path / "counter_ended.db") == 10.0
    assert not (tmp_path / f"counter_{GONE}.db").exists()


def test_a_fold_that_was_not_begun_is_done(tmp_path: Path) -> None:
    """A journal of a file that never took its place, or that was cut short, makes nobody's counts disappear."""
    for number, journal in enumerate(("1 counter_ended.db counter_{}.db", "17")):
        folder = tmp_path / str(number)
        folder.mkdir()
        _write(folder / f"counter_{GONE}.db", 3.0)
        _write(folder / "counter_ended.db", 10.0)
        (folder / "folding").write_text(journal.format(GONE))
        with locked(folder):
            sweep(folder)
        assert _read(folder / "counter_ended.db") == 13.0


def test_an_empty_file_is_no_reason_to_fail(tmp_path: Path) -> None:
    """A process that was killed while it made its file leaves one that says nothing."""
    (tmp_path / f"counter_{GONE}.db").touch()
    with locked(tmp_path):
        sweep(tmp_path)
    assert not (tmp_path / f"counter_{GONE}.db").exists()


def test_who_has_not_signed_on_is_let_be_while_its_number_is_taken(tmp_path: Path) -> None:
    """A living process whose files have no name beside them, as that of a command, is not taken for dead."""
    _write(tmp_path / f"counter_{os.getppid()}.db", 3.0)
    with locked(tmp_path):
        sweep(tmp_path)
    assert (tmp_path / f"counter_{os.getppid()}.db").exists()


def _write(place: Path, value: float) -> None:
    file = MmapedDict(str(place))
    file.write_value('["esteio_trial", "esteio_trial_total", {}, "Trials"]', value, 0.0)
    file.close()


def _read(place: Path) -> float:
    (value,) = [found[1] for found in MmapedDict.read_all_values_from_file(str(place))]
    return float(value)
