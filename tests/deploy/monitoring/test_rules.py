"""Every alert fires when it must, not before its time, and not for what is near it (promtool's own judgement)."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.monitoring.cases import CASES, Case, Series

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules" / "esteio.yml"
PROMTOOL = shutil.which("promtool")
NEEDS_PROMTOOL = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on this machine")

ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}


def promtool(*words: str) -> str:
    """What it says where it finds a fault; nothing where all is well."""
    done = subprocess.run([str(PROMTOOL), *words], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_alert_has_a_case() -> None:
    """R22: none is shipped that nobody has seen fire, and none is tested that is not shipped."""
    assert set(CASES) == set(ALERTS)


@NEEDS_PROMTOOL
def test_the_files_are_sound() -> None:
    """Prometheus takes the rules and the example of its configuration."""
    assert promtool("check", "rules", str(RULES)) == ""
    assert promtool("check", "config", str(PROMETHEUS / "prometheus.yml")) == ""


@NEEDS_PROMTOOL
@pytest.mark.parametrize("name", sorted(CASES))
def test_it_fires_when_it_must(name: str, tmp_path: Path) -> None:
    """R22: what it is for lets it fire, the nearest harmless thing does not, and nothing does before its time."""
    case = CASES[name]
    found = [expected(name, series, case.at, 1) for series in (case.firing, *case.more)]
    found.append(expected(name, case.quiet, case.at, None))
    if case.early is not None:
        found.append(expected(name, case.firing, case.early, None))
    assert promtool("test", "rules", written(tmp_path, found)) == ""


@NEEDS_PROMTOOL
def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    """The way of testing can fail: what fires is not taken for quiet, nor what is quiet for firing."""
    case: Case = CASES["EsteioDown"]
    for series, count in ((case.firing, None), (case.quiet, 1)):
        assert promtool("test", "rules", written(tmp_path, [expected("EsteioDown", series, case.at, count)])) != ""


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_whoever_is_woken_finds_what_to_do(name: str) -> None:
    """Each alert says what is wrong in a sentence, how urgent it is, and where its page is."""
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"] and rule["annotations"]["description"].endswith(".")
    page, _, heading = rule["annotations"]["runbook_url"].partition("#")
    assert heading == name.lower()
    section = (ROOT / page).read_text().partition(f"### {name}\n")[2].partition("\n### ")[0]
    assert len(section.split()) > 15, f"{page} does not say what to do for {name}"


def test_alerts_rest_on_metrics_that_there_are() -> None:
    """No alert waits for a metric that nobody shows."""
    known = set(re.findall(r"esteio_[a-z0-9_]+", (ROOT / "docs" / "metrics.md").read_text()))
    for name, rule in ALERTS.items():
        for metric in re.findall(r"esteio_[a-z0-9_]+", rule["expr"]):
            assert metric in known or re.sub(r"_(count|bucket|sum)$", "", metric) in known, (name, metric)


def expected(name: str, series: Series, minute: int, count: int | None) -> dict[str, Any]:
    """A test of promtool: so many alerts of the name fire at the minute."""
    query = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
    samples = [] if count is None else [{"labels": "{}", "value": count}]
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": [{"expr": query, "eval_time": f"{minute}m", "exp_samples": samples}],
    }


def written(folder: Path, tests: list[dict[str, Any]]) -> str:
    file = folder / "test.yml"
    whole = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(whole))
    return str(file)
