"""`python -m bench [P1 P2 …] [--rounds 3] [--seconds 3]`: measure, print one table, write it down."""

import argparse
import signal
import sys

from bench import (
    art,
    capsules,
    export,
    flood,
    house,
    jobs,
    limiter,
    machine,
    outages,
    report,
    rounds,
    sockets,
    subject,
    uploads,
    writes,
)
from bench.points import Point
from bench.report import Line
from bench.rounds import Figures
from bench.rows import PEER_POINTS, ROWS, Row

EXTRAS = {
    "P4": flood.lines,
    "P8": export.lines,
    "P9": jobs.lines,
    "P10": limiter.lines,
    "P11": sockets.lines,
    "P12": outages.lines,
    "P14": capsules.exports,
    "C1": capsules.making,
    "A1": art.lines,
    "U1": uploads.lines,
    "W1": writes.lines,
}


def main() -> None:
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started is ended
    names = set(asked.rows) or {row.name for row in ROWS} | EXTRAS.keys()
    told, figures = measure([row for row in ROWS if row.name in names], names, asked.rounds, asked.seconds)
    about = machine.describe() | {"rounds": asked.rounds, "seconds": asked.seconds}
    print(report.table(told))
    if not asked.rows or asked.write:
        report.write(told, figures, about)
        print(f"Written: {report.RESULTS.relative_to(report.ROOT)}, {report.PAGE.relative_to(report.ROOT)}")


def measure(rows: list[Row], extras: set[str], times: int, seconds: float) -> tuple[list[Line], dict[str, Figures]]:
    """The table's lines, in the order of the rows, and every point's figures."""
    chosen = wanted_points(rows)
    apps = {point.app for point in chosen} | {capsules.APP for _ in extras & {"P14", "C1"}}
    apps |= {writes.APP for _ in extras & {"W1"}}
    with house.opened(apps) as opened:
        at_hand = [point for point in chosen if point.app in opened.targets]
        figures = rounds.measure(at_hand, opened.targets, opened.engines, times, seconds)
        told = [line for row in rows for line in report.lines(row, figures)]
        for name in sorted(extras & EXTRAS.keys()):
            told += EXTRAS[name](opened, {point.name: point for point in chosen}, times, seconds)
    return sorted(told, key=report.place), figures


def wanted_points(rows: list[Row]) -> list[Point]:
    names = {name for row in rows for name in row.points()}
    return [point for point in (*PEER_POINTS, *subject.POINTS) if point.name in names]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows to measure (all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each load")
    parser.add_argument("--write", action="store_true", help="write the results of a part, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
