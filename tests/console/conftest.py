import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.console.lodging import Lodging, lodging
from tests.console.visits import PATIENT, Visit, visiting

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

Visiting = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture(scope="session")
def lodge() -> Iterator[Lodging]:
    """The house of this run's pages. Tests share it: each looks at what it made itself, as somebody of its own."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on PATH, so no page is tried in a browser")
    with lodging() as running:
        yield running


@pytest.fixture(scope="module")
def browser(lodge: Lodging) -> Iterator[Browser]:
    """Debian's Chromium, and nothing that Playwright would fetch."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENT)
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS], chromium_sandbox=os.geteuid() != 0)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, lodge: Lodging) -> Visiting:
    """Opens a browser for somebody: `with visit(phone=True) as ana:`."""
    return partial(visiting, browser, lodge)
