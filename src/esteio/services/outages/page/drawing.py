"""What the page shows, as HTML: no script and no style stands in it; whatever is not ours is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from esteio.services.outages.page.words import Language, Words
from esteio.services.outages.regulator.brasilia import written
from esteio.services.outages.views import MunicipioView, SummaryView

_CONTENT = """<header class="drawn"><h1>{title}</h1>
<a href="{prefix}/outages?lang={other_code}" hreflang="{other_code}" lang="{other_code}">{other}</a></header>
<main class="drawn">
<p class="lead">{lead}</p>
<p class="as-of">{as_of}</p>
{stale}
<p class="legend" aria-hidden="true">
<span class="planned">{planned}</span> <span class="unplanned">{unplanned}</span></p>
{municipios}
{bands}
</main>"""
_TABLE = """<table id="{id}"><caption>{caption}</caption>
<thead><tr>{heads}<td class="bar"></td></tr></thead>
<tbody>
{rows}
</tbody></table>"""
_BAR = (
    '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    '<rect class="planned" height="10" width="{planned}"/>'
    '<rect class="unplanned" height="10" x="{planned}" width="{unplanned}"/></svg>'
)


def content(summary: SummaryView, words: Words, other: Language, *, stale: bool, prefix: str) -> str:
    """What stands in the body; `stale` where no newer summary is to be had. `prefix` is the path of the public URL."""
    totals = summary.totals
    out = totals.planned + totals.unplanned
    fields = {
        "title": words.title,
        "prefix": prefix,
        "other_code": other,
        "other": words.other,
        "lead": words.lead.format(number(out, words), number(totals.served, words)),
        "as_of": words.as_of.format(written(summary.as_of)),
        "planned": words.planned,
        "unplanned": words.unplanned,
    }
    drawn = {
        "municipios": _municipios(summary, words),
        "bands": _bands(summary, words),
        "stale": f'<p class="stale" role="status">{escape(words.stale)}</p>' if stale else "",
    }
    return _CONTENT.format(**{name: escape(value) for name, value in fields.items()}, **drawn)


def number(value: int, words: Words) -> str:
    """`31.400` or `31,400`."""
    return f"{value:,}".replace(",", words.thousands)


def percent(share: float, words: Words) -> str:
    """`0,34%`; what is not nothing is never shown as nothing."""
    hundredths = 0.01 if 0 < share < 0.0001 else share * 100
    return f"{hundredths:.2f}".replace(".", words.decimal) + "%"


def _municipios(summary: SummaryView, words: Words) -> str:
    if not summary.municipios:
        return f"<p>{escape(words.nothing)}</p>"
    most = max(one.planned + one.unplanned for one in summary.municipios)
    rows = [
        _row(
            one.name or words.unknown.format(one.municipio),
            [*_outs(one.planned, one.unplanned), one.served],
            _bar(one.planned, one.unplanned, most),
            words,
            percent(one.share, words),
        )
        for one in sorted(summary.municipios, key=_most_out)
    ]
    heads = (words.municipio, words.planned, words.unplanned, words.out, words.served, words.share)
    return _table("municipios", words.by_municipio, heads, rows)


def _bands(summary: SummaryView, words: Words) -> str:
    most = max(band.planned + band.unplanned for band in summary.bands)
    rows = [
        _row(name, _outs(band.planned, band.unplanned), _bar(band.planned, band.unplanned, most), words)
        for name, band in zip(words.hours, summary.bands, strict=True)
    ]
    return _table("bands", words.by_duration, (words.duration, words.planned, words.unplanned, words.out), rows)


def _most_out(one: MunicipioView) -> tuple[int, int]:
    return -(one.planned + one.unplanned), one.municipio


def _outs(planned: int, unplanned: int) -> list[int]:
    return [planned, unplanned, planned + unplanned]


def _table(name: str, caption: str, heads: Iterable[str], rows: Sequence[str]) -> str:
    written_heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return _TABLE.format(id=name, caption=escape(caption), heads=written_heads, rows="\n".join(rows))


def _row(name: str, numbers: Iterable[int], bar: str, words: Words, *more: str) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in (*(number(value, words) for value in numbers), *more))
    return f'<tr><th scope="row">{escape(name)}</th>{cells}<td class="bar">{bar}</td></tr>'


def _bar(planned: int, unplanned: int, most: int) -> str:
    widths = [round(1000 * value / most) if most else 0 for value in (planned, unplanned)]
    return _BAR.format(planned=widths[0], unplanned=widths[1])
