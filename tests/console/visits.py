"""A person with a browser: what they see of the pages, and what the browser has to say against them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.console.lodging import Lodging, Person

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "docs" / "screenshots"
PATIENT = 30_000
"""Milliseconds that a page may take on a busy machine."""

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
_VIOLATED = """addEventListener('securitypolicyviolation', event =>
  console.error(['CSP', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')))"""
_STATUS = re.compile(r"the server responded with a status of (\d+)")


@dataclass
class Visit:
    """An open page of a person. `allowed`: statuses that the test provokes, which browsers write to their console;
    0 is for requests that nobody answered.
    """

    lodging: Lodging
    context: BrowserContext
    page: Page
    allowed: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the house, such as `/console/jobs`."""
        self.page.goto(self.lodging.url + path)

    def sign_in(self, person: Person | None = None, then: str = "/console/") -> None:
        """By the form, as its first administrator unless said; and go on to an address below /console."""
        email, password = (person.email, person.password) if person else (self.lodging.email, self.lodging.password)
        self.go("/console/sign-in")
        self.page.locator("input[name=email]").fill(email)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("form button[type=submit]").click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        if then != "/console/":
            self.go(then)

    def speak(self, language: str) -> None:
        """Change the page's language (`en`, `pt-BR`) as its menu does, for this browser."""
        self.page.evaluate("language => localStorage.setItem('esteio-language', language)", language)
        self.page.reload()

    def axe(self, *, excluded: tuple[str, ...] = ()) -> None:
        """No rule of WCAG 2.2 A and AA, and no best practice that axe knows, is broken by what is shown now.

        What is still moving is waited for: half-transparent text has other colours.
        """
        self.page.wait_for_function("() => document.getAnimations().every(one => one.playState !== 'running')")
        self.page.evaluate(_axe())
        found = self.page.evaluate(
            "excluded => axe.run({exclude: excluded.map(one => [one])}, {resultTypes: ['violations']})", list(excluded)
        )
        assert found["violations"] == [], [
            (one["id"], one["help"], [(node["target"], node["failureSummary"]) for node in one["nodes"]][:5])
            for one in found["violations"]
        ]

    def shot(self, name: str, *, full: bool = False) -> None:
        """Keep what is shown under docs/screenshots, when the run is asked to (SCREENSHOTS=1)."""
        if os.environ.get("SCREENSHOTS"):
            SCREENSHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full, animations="disabled")

    def offline(self, away: bool) -> None:
        """Whether the network of this browser is gone."""
        self.allowed.add(0)
        self.context.set_offline(away)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        status = _STATUS.search(message.text)
        if status and int(status[1]) in self.allowed:
            return
        if 0 in self.allowed and re.search(r"net::ERR_|WebSocket connection to .* failed", message.text):
            return
        self.complaints.append(f"{message.text} ({message.location})")

    def asked(self, response: Response) -> None:
        if not response.url.startswith((self.lodging.url, "data:", "blob:", "http://127.0.0.1:")):
            self.complaints.append(f"asked another host: {response.url}")


@contextmanager
def visiting(
    browser: Browser, lodging: Lodging, *, phone: bool = False, language: str = "en", dark: bool = False, **more: Any
) -> Iterator[Visit]:
    """Somebody's browser. At the end of the block it must have had nothing to complain of: no error on its console, no
    breach of the Content-Security-Policy, no fault in a script, no other host.
    """
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        has_touch=phone,
        is_mobile=phone,
        locale="pt-BR" if language == "pt-BR" else "en-GB",
        color_scheme="dark" if dark else "light",
        timezone_id="America/Sao_Paulo",
        reduced_motion="reduce",
        **more,
    )
    context.set_default_timeout(PATIENT)
    context.add_init_script(_VIOLATED)
    visit = Visit(lodging, context, context.new_page())
    context.on("console", visit.heard)
    context.on("weberror", lambda error: visit.complaints.append(str(error.error)))
    context.on("response", visit.asked)
    try:
        yield visit
    finally:
        context.close()
    assert not visit.complaints, visit.complaints


@cache
def _axe() -> str:
    return (ROOT / "console/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
