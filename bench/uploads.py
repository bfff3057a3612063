"""U1: a photo taken in (spooled, decoded, written anew, stored) against writing the same bytes to the store."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench.house import House
from bench.memory import MIB
from bench.points import Point
from bench.report import Line, verdict
from bench.servers import ROOT

MEMORY_BAR = 150
STALL_BAR = 250
"""MiB that a process of the API may grow, and milliseconds that its loop may stall: R15."""

_PAINT = """
import sys
from PIL import Image
width, height = int(sys.argv[2]), int(sys.argv[3])
grain = Image.merge("RGB", [Image.effect_noise((width // 4, height // 4), 60) for _ in range(3)])
grain.resize((width, height), Image.Resampling.BICUBIC).save(sys.argv[1], "JPEG", quality=90)
"""
"""In another process than what is measured: that never held a picture."""

PHOTOS = {"12 megapixels": (4000, 3000), "40 megapixels": (7300, 5400)}


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """Time, CPU and memory of each photo. Decoding is what it costs; the rest is beside it."""
    told = []
    for name, (width, height) in PHOTOS.items():
        photo = house.engines.directory / "photo.jpg"
        subprocess.run([sys.executable, "-c", _PAINT, str(photo), str(width), str(height)], check=True, timeout=300)
        rounds = [_measured(photo) for _ in range(times)]
        told += _lines(name, {key: statistics.median(one[key] for one in rounds) for key in rounds[0]})
    return told


def _measured(photo: Path) -> dict[str, float]:
    """What a process of its own found out."""
    command = [sys.executable, "-m", "bench.uploading", str(photo)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=300)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _lines(name: str, median: dict[str, float]) -> list[Line]:
    size, taken, stored = median["bytes"] / MIB, median["taken"], median["stored"]
    return [
        Line(
            "U1",
            f"a JPEG of {name}, {size:.1f} MiB, taken in",
            f"{taken * 1000:.0f} ms, {size / taken:.0f} MiB/s",
            against=f"written to the store {stored * 1000:.0f} ms, {size / stored:.0f} MiB/s",
            ratio=f"{taken / stored:.1f}",
        ),
        Line(
            "U1",
            f"its CPU: decoder and API process, {name}",
            f"{median['decoder_cpu'] * 1000:.0f} + {median['taken_cpu'] * 1000:.0f} ms",
            against=f"store {median['stored_cpu'] * 1000:.0f} ms",
            ratio=f"{(median['decoder_cpu'] + median['taken_cpu']) / median['stored_cpu']:.1f}",
        ),
        Line(
            "U1",
            f"growth of the API process, {name}",
            f"{median['grown'] / MIB:.0f} MiB",
            against=f"decoder's peak {median['decoder_peak'] / MIB:.0f} MiB",
            bar=f"< {MEMORY_BAR} MiB",
            met=verdict(median["grown"] / MIB, MEMORY_BAR),
        ),
        Line(
            "U1",
            f"longest stall of the API process, {name}",
            f"{median['stalled'] * 1000:.0f} ms",
            bar=f"< {STALL_BAR} ms",
            met=verdict(median["stalled"] * 1000, STALL_BAR),
        ),
    ]
