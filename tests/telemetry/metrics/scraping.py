"""Reading what a scrape shows, and running the small counting process."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cli.command import surroundings
from tests.house import AMPLE, NO_TLS

_LINE = re.compile(r"(?P<name>[a-zA-Z_:]+)(\{(?P<labels>.*?)\})? (?P<value>[^ #]+)( # (?P<exemplar>.*))?")
_LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}


class Scrape:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: dict[str, list[tuple[dict[str, str], float]]] = {}
        for line in text.splitlines():
            read = None if line.startswith("#") else _LINE.fullmatch(line)
            if read is not None:
                labels = dict(_LABEL.findall(read["labels"] or ""))
                self._found.setdefault(read["name"], []).append((labels, float(read["value"])))

    @property
    def names(self) -> set[str]:
        return set(self._found)

    def of(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; fails where there is none."""
        values = [value for known, value in self._found.get(name, []) if labels.items() <= known.items()]
        assert values, f"nothing is shown of {name} with {labels}"
        return sum(values)

    def known(self, name: str, **labels: str) -> float:
        """The same, 0 where there is none."""
        values = [value for known, value in self._found.get(name, []) if labels.items() <= known.items()]
        return sum(values)

    def label_names(self, name: str) -> set[str]:
        return {label for known, _ in self._found.get(name, []) for label in known}

    def labels(self, name: str, label: str) -> set[str]:
        return {known[label] for known, _ in self._found.get(name, []) if label in known}


def scrape(port: int, headers: Mapping[str, str] | None = None) -> Scrape:
    """What the port of metrics shows."""
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=dict(headers or {}), timeout=AMPLE, verify=NO_TLS)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def counting_command(number: float, *more: str) -> list[str]:
    return [sys.executable, "-m", "tests.telemetry.metrics.counting", str(number), *more]


def count_in(folder: Path, number: float) -> None:
    """Have a process count in the directory and end."""
    subprocess.run(counting_command(number), env=in_directory(folder), check=True, capture_output=True, timeout=60)


@contextmanager
def counting(folder: Path, number: float) -> Iterator["subprocess.Popen[str]"]:
    """The same process, which lives until it is killed or the block ends."""
    process = subprocess.Popen(
        counting_command(number, "wait"), env=in_directory(folder), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def shown_in(folder: Path, *headers: str) -> Scrape:
    """What a process that reads the directory shows."""
    asked = "application/openmetrics-text" if headers else ""
    code = (
        "import sys; from esteio.telemetry.metrics import exposition; "
        f"sys.stdout.buffer.write(exposition({asked!r})[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=in_directory(folder), check=True, capture_output=True, text=True, timeout=60
    )
    return Scrape(done.stdout)


def in_directory(folder: Path) -> dict[str, str]:
    root = os.fspath(Path(__file__).parents[3])
    return surroundings({"PROMETHEUS_MULTIPROC_DIR": str(folder)}) | {
        "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)])
    }
