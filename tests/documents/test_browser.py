"""The pages in a real browser, which alone knows whether the policy lets them work."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents.markup_reading import Page
from tests.house import Served

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")

FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)
TALL = 40_000
"""Of a long list Swagger UI keeps only what is in sight: the window is as tall as any of them, which takes its time."""


@dataclass
class Seen:
    """A page after its scripts ran: what stands in it, what the console said, what it asked for."""

    page: Page
    console: list[str]
    asked: set[str]


def look(url: str, folder: Path, height: int = 800) -> Seen:
    network = folder / "network.json"
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={network}"]
    flags.append(f"--window-size=1280,{height}")
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    assert CHROMIUM is not None
    ran = subprocess.run([CHROMIUM, *flags, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True)
    # Swagger UI announces a change of its own addresses to whoever builds on it; that is no complaint about the page.
    console = [line for line in ran.stderr.splitlines() if "CONSOLE" in line and '"Deprecated:' not in line]
    return Seen(Page(ran.stdout), console, set(_asked_by_pages(network)))


def _asked_by_pages(network: Path) -> Iterator[str]:
    """The addresses that pages asked for; the browser's own look-ups have no page behind them."""
    log = json.loads(network.read_text())
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    for event in log["events"]:
        said = event.get("params", {})
        if event["type"] == start and said.get("initiator", "").startswith("http"):
            yield said["url"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_swagger_ui(served: Served, tmp_path: Path, version: str) -> None:
    """Swagger UI shows every operation, one of them open, breaks no rule of the policy, and asks no other host."""
    document = served.anonymous.get(f"/api/{version}/openapi.json").json()
    opened = next(said["post"] for said in document["paths"].values() if "post" in said and "tags" in said["post"])
    anchor = f"/{opened['tags'][0]}/{opened['operationId']}"
    seen = look(f"{served.url}/docs?version={version}#{anchor}", tmp_path, TALL)
    assert "opblock-body" in seen.page.source, "the operation that the address names is open"
    shown = seen.page.text.replace("\u200b", "")
    assert [path for path in document["paths"] if path not in shown] == []
    assert seen.console == []
    assert any("swagger-ui-bundle.js" in url for url in seen.asked)
    assert any(url.endswith("openapi.json") for url in seen.asked)
    assert all(url.startswith((served.url + "/", "data:")) for url in seen.asked), seen.asked


@pytest.mark.parametrize("path", ["/", "/redoc", "/errors", "/errors/not-found", "/docs/deprecations"])
def test_plain_pages(served: Served, tmp_path: Path, path: str) -> None:
    """Every other page stands without a script, breaks no rule of the policy, and asks no other host for anything."""
    seen = look(served.url + path, tmp_path)
    assert "main" in seen.page.tags
    assert "script" not in seen.page.tags
    assert seen.console == []
    assert any("page.css" in url for url in seen.asked)
    assert all(url.startswith(served.url + "/") for url in seen.asked), seen.asked
