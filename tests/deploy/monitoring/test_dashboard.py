"""The dashboard's questions are PromQL, and about metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest

ROOT = Path(__file__).parents[3]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "esteio.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__rate_interval": "5m", "$instance": "a"}


def questions() -> list[tuple[str, str]]:
    asked = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    return [*asked, *(("annotation", item["expr"]) for item in DASHBOARD["annotations"]["list"])]


@pytest.mark.parametrize(("title", "query"), questions())
def test_each_question_is_promql_about_what_there_is(title: str, query: str) -> None:
    """A parser of Prometheus' own grammar takes it, and each metric in it is documented."""
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    assert "$" not in query
    promql_parser.parse(query)
    known = set(re.findall(r"esteio_[a-z0-9_]+", (ROOT / "docs" / "metrics.md").read_text()))
    for metric in re.findall(r"\besteio_[a-z0-9_]+", query):
        assert metric in known or re.sub(r"_(count|bucket|sum)$", "", metric) in known, metric


def test_the_panels_are_whole() -> None:
    """Every panel has a name of its own, says what it shows, asks the chosen source, and none covers another."""
    titles = [panel["title"] for panel in PANELS]
    assert len(set(titles)) == len(titles)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in PANELS:
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)
