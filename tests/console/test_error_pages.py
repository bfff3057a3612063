"""What somebody sees who runs into a refusal with a browser: in the look of all pages, in their language."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging

WORDS = {
    "en": ("There is no such resource", "To the start", "Support finds by it what happened"),
    "pt-BR": ("Página não encontrada", "Para o início", "o suporte encontra o que aconteceu"),
}


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_an_address_that_is_not_there(visit: Visiting, language: str, dark: bool, phone: bool) -> None:
    """It says so in the reader's language, leads somewhere, and tells what to say to support; nobody is kept out."""
    title, start, request = WORDS[language]
    with visit(language=language, dark=dark, phone=phone) as ana:
        ana.allowed.add(404)
        ana.go("/no/such/page")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(ana.page.locator("html")).to_have_attribute("lang", language)
        expect(ana.page.get_by_text(request)).to_have_text(re.compile("[0-9a-f]{16,}"))
        ground = ana.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(36, 36, 36)" if dark else "rgb(255, 255, 255)")
        assert ana.page.evaluate("document.documentElement.scrollWidth") <= ana.page.evaluate("innerWidth")
        ana.axe()
        if dark == phone:
            ana.shot(f"error-{language}-{'phone-dark' if phone else 'desktop'}")
        ana.page.get_by_role("link", name=start).click()
        expect(ana.page).to_have_url(f"{ana.lodging.url}/")


def test_too_many_requests(lodge: Lodging, visit: Visiting) -> None:
    """Who asks too often is told how long to wait, and the way to ask again is the same address with its query."""
    with lodge.limited("outages.summary", "1/minute"), visit() as ana:
        ana.allowed.add(429)
        for _ in range(20):
            answer = ana.page.goto(f"{lodge.url}/outages?lang=en")
            assert answer is not None
            if answer.status == 429:
                break
        expect(ana.page.get_by_text(re.compile(r"Please try again in \d+ seconds?\."))).to_be_visible()
        again = ana.page.get_by_role("link", name="Try again")
        assert again.evaluate("link => link.href") == f"{lodge.url}/outages?lang=en"
        ana.axe()


def test_what_stands_behind_the_question_mark(visit: Visiting) -> None:
    """A value that cannot be is named, so that it can be corrected in the address."""
    with visit() as ana:
        ana.allowed.add(422)
        ana.go("/outages?lang=fr")
        expect(ana.page.locator(".status")).to_have_text("422")
        expect(ana.page.get_by_role("listitem")).to_contain_text("lang")
        ana.axe()
