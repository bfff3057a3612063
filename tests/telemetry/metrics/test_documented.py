"""docs/metrics.md is the list of the metrics that there are."""

import re
from pathlib import Path

from tests.conftest import House
from tests.telemetry.metrics.declared import Declared, declared
from tests.telemetry.metrics.scraping import Scrape

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
_ROW = re.compile(r"\| `(esteio_[a-z_]+)` \| (counter|gauge|histogram) \| ([^|]*)\|")
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


def documented() -> dict[str, Declared]:
    return {
        name: Declared(name, kind, frozenset(re.findall(r"`([a-z_]+)`", labels)))
        for name, kind, labels in _ROW.findall(PAGE.read_text())
    }


def test_every_metric_of_the_code_is_documented_and_the_reverse() -> None:
    """The page lists the metrics that the code declares, no more and no fewer, with their types and labels."""
    code, page = declared(), documented()
    assert len(code) > 60, "the source is not read any more"
    assert set(code) - set(page) == set(), "not documented"
    assert set(page) - set(code) == set(), "not declared"
    for name, found in code.items():
        assert page[name].kind == found.kind, name
        assert found.labels is None or page[name].labels == found.labels, name


def test_what_is_shown_is_what_is_documented(house: House) -> None:
    """A house shows nothing that is not on the page, and the labels are those of the page."""
    page = documented()
    with house() as served:
        served.pet()
        answer = served.client.get("/metrics")
    shown = Scrape(answer.text)
    kinds = dict(re.findall(r"^# TYPE (esteio_\w+) (\w+)$", answer.text, re.MULTILINE))
    assert len(kinds) > 25
    for name, kind in kinds.items():
        if name.startswith("esteio_trial_"):
            continue
        assert page[name].kind == kind, name
        parts = [one for one in shown.names if _SUFFIX.sub("", one) == name or one == name]
        for part in parts:
            assert shown.label_names(part) - {"le"} <= (page[name].labels or frozenset()), part


def test_every_metric_says_what_it_tells(house: House) -> None:
    """Prometheus shows people the words of each metric; none lacks them."""
    with house() as served:
        text = served.client.get("/metrics").text
    helps = dict(re.findall(r"^# HELP (esteio_\w+) (.*)$", text, re.MULTILINE))
    assert set(helps) == set(re.findall(r"^# TYPE (esteio_\w+) ", text, re.MULTILINE))
    assert all(len(words) > 8 for words in helps.values())
