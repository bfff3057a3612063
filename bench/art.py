"""A1: photos drawn in all styles and set as a book, by a process as a worker's: seconds and peak memory."""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from PIL import Image, ImageOps

from bench import memory
from bench.house import House
from bench.points import Point
from bench.report import Line

COUNTS = (1, 5, 10)
SIZE = (3072, 4096)
SAMPLES = Path(__file__).parent.parent / "tests" / "petstory" / "photos"
GLANCE = 0.02


@dataclass
class Taken:
    """A value per round: seconds, of them on a processor, and MiB of the process and its children together."""

    art: list[float] = field(default_factory=list)
    book: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """Per number of photos: seconds of the pictures and of the book, and the most memory at once."""
    taken = {count: Taken() for count in COUNTS}
    with tempfile.TemporaryDirectory() as folder:
        photos = _photos(Path(folder))
        for _ in range(times):
            for count in COUNTS:
                _order(photos[:count], taken[count])
    return [*(_line(count, taken[count]) for count in COUNTS), _grown(taken)]


def _photos(folder: Path) -> list[Path]:
    """As many as an order may have, as large as an upload keeps them, no two alike."""
    paths = []
    for number in range(max(COUNTS)):
        with Image.open(SAMPLES / ("dog.jpg", "cat.jpg")[number % 2]) as image:
            photo = ImageOps.exif_transpose(image).convert("RGB")
        photo = photo.rotate(number * 3, Image.Resampling.BICUBIC, fillcolor=(120, 140, 130))
        path = folder / f"{number}.jpg"
        photo.resize(SIZE if photo.height > photo.width else SIZE[::-1], Image.Resampling.BICUBIC).save(
            path, quality=90
        )
        paths.append(path)
    return paths


def _order(photos: list[Path], taken: Taken) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.artwork", folder, *map(str, photos)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process, _watched(process.pid) as seen:
            said, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"the pictures of {len(photos)} photos ended with {process.returncode}")
    told = json.loads(said)
    taken.art.append(told["art"])
    taken.book.append(told["book"])
    taken.cpu.append(told["cpu"])
    taken.idle.append(told["idle"] / memory.MIB)
    # The kernel's own count of the process misses nothing; that of the tree is looked at fifty times a second.
    taken.peak.append(max(told["peak"], *seen) / memory.MIB)


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """What the process and its children have resident together, over and over until the block ends."""
    seen, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(GLANCE):
            with suppress(psutil.Error, OSError):
                seen.append(memory.resident(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _line(count: int, taken: Taken) -> Line:
    art, book = statistics.median(taken.art), statistics.median(taken.book)
    return Line(
        "A1",
        f"{count} photo{'s' if count > 1 else ''} of 12.6 megapixels, 3 styles, and the book",
        f"{art:.1f} + {book:.1f} s, {statistics.median(taken.cpu):.1f} s of CPU",
        against=f"peak {max(taken.peak):.0f} MiB, idle {statistics.median(taken.idle):.0f} MiB",
    )


def _grown(taken: dict[int, Taken]) -> Line:
    few, many = taken[min(COUNTS)], taken[max(COUNTS)]
    seconds = [statistics.median(one.cpu) for one in (few, many)]
    exponent = math.log(seconds[1] / seconds[0]) / math.log(max(COUNTS) / min(COUNTS))
    return Line(
        "A1",
        f"photos {min(COUNTS)} → {max(COUNTS)}",
        f"{seconds[0]:.1f} → {seconds[1]:.1f} s of CPU",
        against=f"peak {max(few.peak):.0f} → {max(many.peak):.0f} MiB",
        ratio=f"exponent {exponent:.2f}",
    )
