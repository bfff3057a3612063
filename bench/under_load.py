"""`python -m bench.under_load [mixed overload sockets later soak] [--rate 100] [--seconds 60]`: how the house holds.

Load comes from k6 in an open model, through nginx with TLS, on the machine that runs everything else as well. Figures
are those of this machine; nothing is asserted. `--write` puts the table into docs/performance.md.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench import machine, report
from bench.deployment import Deployment, deployed
from bench.listening import hearing
from bench.report import Line, verdict
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING

FOLDER = Path(__file__).with_name("load")
BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"
MIB = 1_048_576


@dataclass(frozen=True)
class Asked:
    rate: int
    seconds: int


Metrics = dict[str, Any]


def k6(deployment: Deployment, script: str, asked: Asked, **more: str) -> Metrics:
    """Run a script; its metrics, whether or not its thresholds were held."""
    program = shutil.which("k6", path=str(Path(sys.executable).parent)) or shutil.which("k6")
    if program is None:
        raise SystemExit("k6 is not installed here: it comes with the development tools on Linux.")
    with tempfile.TemporaryDirectory(prefix="esteio-load-") as folder:
        summary = Path(folder) / "summary.json"
        environment = os.environ | {
            "BASE": deployment.url,
            "KEYS": ",".join(deployment.keys),
            "RATE": str(asked.rate),
            "SECONDS": str(asked.seconds),
            "RUN": f"load-{os.getpid()}-{time.time_ns()}",
            "SUMMARY": str(summary),
            **more,
        }
        command = [program, "run", "--quiet", "--no-usage-report", str(FOLDER / script)]
        said = None if os.environ.get("TALK") else subprocess.DEVNULL
        subprocess.run(command, env=environment, check=False, timeout=asked.seconds + 300, stdout=said)
        if not summary.exists():
            raise SystemExit(f"k6 did not run {script}; TALK=1 shows what it says.")
        found: Metrics = json.loads(summary.read_text())
        return {name: metric["values"] for name, metric in found.items()}


def count(metrics: Metrics, name: str) -> int:
    return int(metrics.get(name, {}).get("count", 0))


@dataclass
class Watch:
    """Memory, descriptors and Redis keys without a life, looked at again and again while something runs."""

    deployment: Deployment
    memory: list[tuple[float, int]] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    immortal: list[int] = field(default_factory=list)

    def __enter__(self) -> "Watch":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        began = time.monotonic()
        while not self._over.wait(5):
            try:
                house = [name for name in self.deployment.processes if name != "nginx"]
                resident, held = self.deployment.resident(), self.deployment.descriptors()
            except psutil.Error:
                continue
            self.memory.append((time.monotonic() - began, sum(resident[name] for name in house)))
            self.descriptors.append(sum(held[name] for name in house))

    def slope(self) -> float:
        """MiB a minute, by least squares over the second half: the first warms."""
        half = self.memory[len(self.memory) // 2 :]
        if len(half) < 3:
            return 0.0
        slope, _ = statistics.linear_regression([at for at, _ in half], [size / MIB for _, size in half])
        return slope * 60


def mixed(deployment: Deployment, asked: Asked, row: str = "mixed") -> list[Line]:
    """The reference service's day at a steady rate."""
    before, began = deployment.cpu(), time.monotonic()
    with Watch(deployment) as watch:
        metrics = k6(deployment, "mixed.js", asked)
    cpu = sum(deployment.cpu().values()) - sum(before.values())
    waited, sent = metrics["waited"], int(metrics["http_reqs"]["count"])
    faults = {name: count(metrics, name) for name in ("server_errors", "dropped_iterations", "wrong_answers")}
    held = "yes" if not any(faults.values()) else "no"
    words = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in faults.items())
    what = f"{asked.rate} requests a second for {asked.seconds} s"
    found = [
        Line(row, f"{what}: p99", f"{waited['p(99)']:.0f} ms", bar="≤ 150 ms", met=verdict(waited["p(99)"], 150)),
        Line(row, "p99.9", f"{waited['p(99.9)']:.0f} ms", bar="≤ 500 ms", met=verdict(waited["p(99.9)"], 500)),
        Line(row, f"of {sent} requests", words, bar="0, 0, 0", met=held),
        Line(row, "CPU of all processes but the engines and k6", f"{cpu / (time.monotonic() - began):.2f} cores"),
    ]
    if row == "soak":
        spread = max(watch.descriptors) - min(watch.descriptors[1:] or [0])
        found += [
            Line(row, "memory's slope", f"{watch.slope():.2f} MiB/min", bar="≤ 1", met=verdict(watch.slope(), 1)),
            Line(row, "descriptors, most less least", str(spread), bar="≤ 20", met=verdict(spread, 20)),
        ]
    return found


def soak(deployment: Deployment, asked: Asked) -> list[Line]:
    """The same for long, with an eye on what grows."""
    return mixed(deployment, asked, "soak")


def overload(deployment: Deployment, asked: Asked) -> list[Line]:
    """R21: three times what can be done."""
    capacity = _capacity(deployment)
    seconds = min(asked.seconds, 30)
    told = k6(deployment, "overload.js", Asked(asked.rate, seconds), CAPACITY=str(capacity))
    served = count(told, "served_over") / seconds
    lost = sum(count(told, f"lost_{name}") for name in ("before", "over", "after"))
    again = count(told, "refused_after") + count(told, "lost_after")
    refusing = told.get("refusing", {}).get("p(95)", 0.0)
    share = served / capacity
    return [
        Line("overload", "what can be done: 100 connections in a closed loop", f"{capacity:.0f} /s"),
        Line(
            "overload", "three times as much: served", f"{share:.0%}", bar="≥ 70%", met="yes" if share >= 0.7 else "no"
        ),
        Line("overload", "refusals, p95", f"{refusing:.0f} ms", bar="< 100 ms", met=verdict(refusing, 100)),
        Line("overload", "neither served nor refused", str(lost), bar="0", met="yes" if not lost else "no"),
        Line("overload", "refused 10 s later at half", str(again), bar="0", met="yes" if not again else "no"),
    ]


def _capacity(deployment: Deployment) -> float:
    """Requests a second that the deployment answers when every connection asks as soon as it was answered."""
    told = k6(deployment, "capacity.js", Asked(100, 10))
    return count(told, "served") / 10


def sockets(deployment: Deployment, asked: Asked) -> list[Line]:
    """500 sockets, 50 messages a second to 100 each."""
    told = k6(deployment, "sockets.js", Asked(50, min(asked.seconds, 60)))
    heard, expected, p99 = count(told, "heard"), count(told, "told") * 100, told["delay"]["p(99)"]
    return [
        Line(
            "sockets",
            "500 sockets, 50 messages/s to 100 each: p99",
            f"{p99:.0f} ms",
            bar="≤ 250 ms",
            met=verdict(p99, 250),
        ),
        Line(
            "sockets",
            "heard of what was told",
            f"{heard} of {expected}",
            bar="all",
            met="yes" if heard == expected else "no",
        ),
        Line(
            "sockets",
            "sockets lost, of those that were open",
            f"{count(told, 'lost')} of {count(told, 'opened')}",
            bar="0 of 500",
            met="yes" if (count(told, "lost"), count(told, "opened")) == (0, 500) else "no",
        ),
    ]


def later(deployment: Deployment, asked: Asked) -> list[Line]:
    """20 jobs a second, and webhooks to twenty receivers of which one hangs."""
    with hearing(deployment, receivers=20, hanging=1) as receivers:
        told = k6(deployment, "later.js", Asked(20, min(asked.seconds, 60)))
        delays = receivers.settled()
    starts = deployment.engines.psql(
        f"SET {SETTING} = '{DEFAULT_TENANT}'; "
        "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at)), count(*) "
        "FROM jobs WHERE name LIKE 'pets.export%' AND started_at IS NOT NULL",
        "esteio",
    )
    start, jobs = starts.split("|")
    p95 = statistics.quantiles(delays, n=20)[-1] if len(delays) > 20 else float("nan")
    return [
        Line(
            "later",
            f"{jobs} jobs, 20 a second: commit to start, p95",
            f"{float(start):.2f} s",
            bar="≤ 1 s",
            met=verdict(float(start), 1),
        ),
        Line(
            "later",
            f"{len(delays)} webhooks to 19 of 20 receivers, one hangs: p95",
            f"{p95:.2f} s",
            bar="≤ 2 s",
            met=verdict(p95, 2),
        ),
        Line(
            "later",
            "wrong answers",
            str(count(told, "wrong_answers")),
            bar="0",
            met="yes" if not count(told, "wrong_answers") else "no",
        ),
    ]


KINDS: dict[str, Callable[[Deployment, Asked], list[Line]]] = {
    "mixed": mixed,
    "overload": overload,
    "sockets": sockets,
    "later": later,
    "soak": soak,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.under_load", description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)} (all but soak)")
    parser.add_argument("--rate", type=int, default=100, help="requests a second")
    parser.add_argument("--seconds", type=int, default=60, help="of each load; soak: 1800 is half an hour")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    given = parser.parse_args()
    if unknown := set(given.kinds) - KINDS.keys():
        parser.error(f"unknown: {', '.join(unknown)}")
    told: list[Line] = []
    for kind in given.kinds or [name for name in KINDS if name != "soak"]:
        with deployed() as deployment:
            lines = KINDS[kind](deployment, Asked(given.rate, given.seconds))
        print(report.table(lines), flush=True)
        told += lines
    if given.write:
        _write(report.table(told))


def _write(table: str) -> None:
    about = machine.describe()
    words = f"Measured {about['date']} on {about['cpu']}, {about['cores']} cores, which carry the generator as well."
    page = report.PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    report.PAGE.write_text(f"{before}{BEGIN}\n{words}\n\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()
