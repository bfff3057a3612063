"""One table on the screen, the same in docs/performance.md, everything in bench/results.json."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.rounds import Figures
from bench.rows import Growth, Ratio, Row

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
TITLES = ("row", "what", "figure", "engines", "against", "ratio", "bar", "met")


@dataclass(frozen=True)
class Line:
    """One line of the table; every cell is already words."""

    row: str
    what: str
    figure: str
    engines: str = ""
    against: str = ""
    ratio: str = ""
    bar: str = ""
    met: str = ""

    def cells(self) -> tuple[str, ...]:
        return tuple(asdict(self).values())


def verdict(ratio: float, bar: float) -> str:
    return "yes" if ratio <= bar else f"no, by {ratio / bar - 1:.0%}"


def at_least(ratio: float, bar: float) -> str:
    """The verdict where more is better."""
    return "yes" if ratio >= bar else f"no, by {1 - ratio / bar:.0%}"


def lines(row: Row, figures: dict[str, Figures]) -> list[Line]:
    """What the figures say of a row; a row whose subject was not measured says so."""
    if row.subject not in figures:
        return [_unmeasured(row, ratio, figures) for ratio in row.ratios]
    compared = [_compared(row, ratio, figures) for ratio in row.ratios if ratio.against in figures]
    grown = [growth for growth in row.growths if growth.small in figures and growth.large in figures]
    return compared + [_grown(row, growth, figures) for growth in grown]


def _unmeasured(row: Row, ratio: Ratio, figures: dict[str, Figures]) -> Line:
    against = f"{ratio.against} {_cost(figures[ratio.against], ratio.of):.0f} µs" if ratio.against in figures else ""
    return Line(row.name, row.work, "not measured", against=against, bar=_words(ratio.bar))


def _compared(row: Row, ratio: Ratio, figures: dict[str, Figures]) -> Line:
    subject, other = figures[row.subject], figures[ratio.against]
    ours, theirs = _cost(subject, ratio.of), _cost(other, ratio.of)
    return Line(
        row.name,
        row.work,
        f"{ours:.0f} µs",
        f"{subject.engines_us:.0f} µs",
        f"{ratio.against} {theirs:.0f} µs",
        f"{ours / theirs:.3f}",
        _words(ratio.bar),
        "" if ratio.bar is None else verdict(ours / theirs, ratio.bar),
    )


def _grown(row: Row, growth: Growth, figures: dict[str, Figures]) -> Line:
    small, large = _cost(figures[growth.small], growth.of), _cost(figures[growth.large], growth.of)
    exponent = math.log(large / small) / math.log(growth.large_size / growth.small_size)
    what = f"{growth.what} {growth.small_size} → {growth.large_size}"
    return Line(row.name, what, f"{small:.0f} → {large:.0f} µs", ratio=f"exponent {exponent:.2f}")


def _words(bar: float | None) -> str:
    return "" if bar is None else f"≤ {bar:.3g}"


def _cost(figures: Figures, of: str) -> float:
    return figures.server_us if of == "server" else figures.all_us


def table(told: list[Line]) -> str:
    """A Markdown table that is also readable on a screen."""
    cells = [TITLES, *(line.cells() for line in told)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(TITLES))]
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([rows[0], rule, *rows[1:]])


def write(told: list[Line], figures: dict[str, Figures], about: dict[str, object]) -> None:
    """Write both files. Rows that were not measured now keep what stands there of them."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"points": {}, "rows": []}
    now = {line.row for line in told}
    told = sorted([*told, *(Line(**row) for row in before["rows"] if row["row"] not in now)], key=place)
    points = before["points"] | {name: _point(figure) for name, figure in figures.items()}
    results = {
        "machine": about,
        "points": dict(sorted(points.items())),
        "rows": [asdict(line) for line in told],
    }
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    _write_page(told, about)


def place(line: Line) -> tuple[bool, str, int]:
    """Where a line stands: the P rows first, then the others by letter, each by number."""
    return not line.row.startswith("P"), line.row[0], int(line.row[1:])


def _point(figures: Figures) -> dict[str, object]:
    return {
        "server_us": round(figures.server_us, 1),
        "engines_us": round(figures.engines_us, 1),
        "spread": round(figures.spread, 3),
        "rounds_us": [round(value, 1) for value in figures.server],
        "requests_per_second": [round(value) for value in figures.rate],
        "p99_ms": [round(value * 1000, 2) for value in figures.p99],
    }


def _write_page(told: list[Line], about: dict[str, object]) -> None:
    page = PAGE.read_text() if PAGE.exists() else f"{BEGIN}\n{END}\n"
    if BEGIN not in page or END not in page:
        page += f"\n{BEGIN}\n{END}\n"
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    head = f"Measured {about['date']} on {about['cpu']}, {about['cores']} cores, Python {about['python']}."
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(f"{before}{BEGIN}\n{head}\n\n{table(told)}\n{END}{after}")
