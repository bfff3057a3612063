"""What the operators' pages tell somebody to look at or to type, there is."""

import re
from pathlib import Path

import click
import pytest

from esteio.cli.main import cli
from esteio.doctor.catalogue import CHECKS
from tests.deploy.monitoring.cases import CASES

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = ("troubleshooting.md", "alerts.md", "deployment.md", "kubernetes.md", "backup.md", "logs.md", "migrations.md")
TEXTS = {page: (DOCS / page).read_text() for page in PAGES}
SOURCE = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))


COMPOSE = {"ESTEIO_IMAGE", "ESTEIO_PUBLIC_URL", "ESTEIO_TRUSTED_HOSTS", "ESTEIO_SECRETS", "ESTEIO_TLS"}
COMPOSE |= {"ESTEIO_NGINX_SITE", "ESTEIO_SETTINGS"}
"""What the composition asks for, and not the house."""


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_settings(page: str) -> None:
    """Each variable that a page names is one that the house, or the composition, reads."""
    known = set(re.findall(r"ESTEIO_[A-Z0-9_]+", (ROOT / ".env.example").read_text())) | COMPOSE
    for variable in re.findall(r"\bESTEIO_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_]|…)", TEXTS[page]):
        assert variable.removesuffix("_FILE") in known or variable in known, variable


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_commands(page: str) -> None:
    """Each `esteio …` with its words and options is one that the command line takes."""
    for line in re.findall(r"(?:`|-- |^)esteio ([a-z][^`\n#|>]*)", TEXTS[page], re.MULTILINE):
        words = line.split("&&")[0].split()
        command: click.Command = cli
        while words and isinstance(command, click.Group) and not words[0].startswith("-"):
            found = command.get_command(click.Context(command), words[0])
            assert found is not None, line
            command, words = found, words[1:]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word in options, line


def test_log_events_are_written() -> None:
    """An event that troubleshooting looks for is one that some code writes."""
    for event in re.findall(r"`([a-z]+\.[a-z_]+)`", TEXTS["troubleshooting.md"]):
        assert f'"{event}"' in SOURCE, event


def test_codes_have_pages() -> None:
    """An error code that troubleshooting explains is one of the API's."""
    found = re.findall(r"[45]\d\d `([A-Z_]+)`", TEXTS["troubleshooting.md"])
    assert len(found) > 10
    for code in found:
        assert (DOCS / "errors" / f"{code.lower().replace('_', '-')}.md").exists(), code


def test_checks_are_the_doctors() -> None:
    """A check that a page names is one that the doctor knows."""
    known = {check.name for check in CHECKS}
    for page, text in TEXTS.items():
        for name in re.findall(r"--only ([a-z-]+)", text):
            assert name in known, (page, name)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """A link within the pages has a page, and a heading where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith("http"):
            continue
        name, _, heading = target.partition("#")
        path = DOCS / name if name else DOCS / page
        assert path.exists(), target
        if heading:
            known = {
                re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-")
                for line in path.read_text().splitlines()
                if line.startswith("#")
            }
            assert heading in known, target


def test_metrics_are_told() -> None:
    """A metric that a page asks for is in the list of metrics."""
    known = set(re.findall(r"esteio_[a-z0-9_]+", (DOCS / "metrics.md").read_text()))
    own = set(CASES) | {"esteio_backup", "esteio_runtime", "esteio_drill"}
    for page, text in TEXTS.items():
        for name in re.findall(r"\besteio_[a-z0-9_]+[a-z0-9]", text):
            assert name in known | own, (page, name)
