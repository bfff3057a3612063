"""What every page stands in: the frame, its menus, how it is reached and how it is sent."""

import re

import httpx
import pytest
from playwright.sync_api import Request, Route, expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging
from tests.console.visits import PHONE

FIRST_PAGE = 250_000
"""Bytes that the first page may take over the line, compressed, without the fields of its answers."""

STOPS = 150
"""More than any page has."""

_REACHED = "() => { window.reached = new Set(); addEventListener('focusin', event => reached.add(event.target)) }"
_UNREACHED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea')]
  .filter(one => one.checkVisibility() && !one.disabled && !reached.has(one))
  .map(one => one.outerHTML.slice(0, 200))"""
_OUTSIDE = "() => document.activeElement === document.body"


def test_it_is_there_after_up(lodge: Lodging, visit: Visiting) -> None:
    """Whoever opens the console of a new house can sign in with what `up` has printed."""
    with visit() as ana:
        ana.sign_in()
        expect(ana.page.get_by_role("heading", level=1)).to_be_visible()
        ana.axe()


def test_the_first_page_is_small(lodge: Lodging, visit: Visiting) -> None:
    """The page that somebody sees first takes less than 250 kB compressed, with all that it links."""
    with visit() as ana:
        ended: list[Request] = []
        ana.page.on("requestfinished", lambda request: ended.append(request))
        ana.go("/console/")
        expect(ana.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        ana.page.wait_for_load_state("networkidle")
        sizes = [request.sizes()["responseBodySize"] for request in ended]
        assert len(sizes) > 3
        assert 100_000 < sum(sizes) < FIRST_PAGE


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/jobs", "/console/no/such/page"])
def test_every_address_has_a_policy(lodge: Lodging, path: str) -> None:
    """No inline script, no foreign host, and a nonce for styles that is another each time."""
    first, second = (httpx.get(lodge.url + path, timeout=30) for _ in range(2))
    assert first.status_code == 200
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    assert policies[0] != policies[1]
    assert "script-src 'self';" in policies[0]
    assert "unsafe" not in policies[0]
    hosts = set(re.findall(r"https?://[^\s;]+", policies[0]))
    assert hosts <= {lodge.stand_ins["OIDC"]["url"]}
    nonce = policies[0].partition("'nonce-")[2].partition("'")[0]
    assert nonce in first.text
    assert not re.search(r"__[A-Z]+__", first.text)
    assert first.headers["cache-control"] == "no-cache"


def test_linked_files_are_kept_for_good(lodge: Lodging) -> None:
    """What a page links changes its name with its bytes, so browsers and CDNs may keep it; other names are a 404."""
    page = httpx.get(f"{lodge.url}/console", timeout=30).text
    script = page.partition('src="')[2].partition('"')[0]
    answer = httpx.get(lodge.url + script, timeout=30)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    plain = httpx.get(lodge.url + script, headers={"Accept-Encoding": "identity"}, timeout=30)
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    for other in ("nothing.js", "..%2fconsole.html", ".vite"):
        assert httpx.get(f"{lodge.url}/console/assets/{other}", timeout=30).status_code == 404


def test_the_keyboard_reaches_everything(visit: Visiting) -> None:
    """The first stop is a link past the menu; from there Tab comes by every link, button and field; after a change of
    page the focus is at its title."""
    with visit() as ana:
        ana.sign_in()
        ana.go("/console/")
        expect(ana.page.get_by_role("navigation", name="Menu")).to_be_visible()
        ana.page.keyboard.press("Tab")
        skip = ana.page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        ana.page.keyboard.press("Enter")
        expect(ana.page.locator("#content")).to_be_focused()
        ana.go("/console/users")
        expect(ana.page.get_by_role("table")).to_be_visible()
        ana.page.evaluate(_REACHED)
        for _ in range(STOPS):
            ana.page.keyboard.press("Tab")
            if ana.page.evaluate(_OUTSIDE):
                break
        assert ana.page.evaluate("reached.size") > 10
        assert ana.page.evaluate(_UNREACHED) == []
        ana.page.get_by_role("link", name="Audit log").press("Enter")
        expect(ana.page).to_have_url(re.compile("/console/audit$"))
        expect(ana.page.get_by_role("heading", level=1)).to_be_focused()


def test_languages(visit: Visiting) -> None:
    """The browser's language is taken, another can be chosen and stays, and the document says which it is."""
    with visit(language="pt-BR") as ana:
        ana.sign_in()
        expect(ana.page.locator("html")).to_have_attribute("lang", "pt-BR")
        expect(ana.page.get_by_role("link", name="Auditoria")).to_be_visible()
        ana.axe()
        ana.page.get_by_role("button", name="Idioma").click()
        ana.page.get_by_role("menuitem", name="English").click()
        expect(ana.page.get_by_role("link", name="Audit log")).to_be_visible()
        ana.page.reload()
        expect(ana.page.locator("html")).to_have_attribute("lang", "en")
        expect(ana.page.get_by_role("link", name="Audit log")).to_be_visible()


def test_light_and_dark(visit: Visiting) -> None:
    """As the system has it, unless something else was chosen here, which stays."""
    with visit(dark=True) as ana:
        ana.sign_in()
        html = ana.page.locator("html")
        expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
        ana.axe()
        ana.page.get_by_role("button", name="Appearance").click()
        ana.page.get_by_role("menuitem", name="Light").click()
        expect(html).to_have_attribute("data-mantine-color-scheme", "light")
        ana.page.reload()
        expect(html).to_have_attribute("data-mantine-color-scheme", "light")


def test_on_a_phone(visit: Visiting) -> None:
    """The menu is behind a button and goes away once a page was chosen; nothing is wider than the screen."""
    with visit(phone=True) as ana:
        ana.sign_in()
        expect(ana.page.get_by_role("heading", level=1)).to_be_visible()
        expect(ana.page.get_by_role("link", name="Audit log")).not_to_be_in_viewport()
        ana.page.get_by_role("button", name="Open the menu").click()
        ana.page.get_by_role("link", name="Audit log").click()
        expect(ana.page).to_have_url(re.compile("/console/audit$"))
        expect(ana.page.get_by_role("link", name="Audit log")).not_to_be_in_viewport()
        assert ana.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        ana.axe()


def test_an_address_without_a_page(visit: Visiting) -> None:
    """It says so, and leads back."""
    with visit() as ana:
        ana.sign_in(then="/console/no/such/page")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Page not found")
        ana.axe()
        ana.page.get_by_role("link", name="To the start").click()
        expect(ana.page).to_have_url(re.compile("/console/?$"))


def test_leaving_ends_it_in_every_tab(visit: Visiting) -> None:
    """Who signs out in one tab is signed out in the others, and the way back asks for the password again."""
    with visit() as ana:
        ana.sign_in()
        other = ana.context.new_page()
        other.goto(f"{ana.lodging.url}/console/")
        expect(other.get_by_role("navigation", name="Menu")).to_be_visible()
        ana.page.get_by_role("button", name="Sign out").click()
        for page in (ana.page, other):
            expect(page).to_have_url(re.compile("/console/sign-in"))
        other.goto(f"{ana.lodging.url}/console/")
        expect(other).to_have_url(re.compile("/console/sign-in"))


def test_a_sign_out_is_asked_for_once(visit: Visiting) -> None:
    """A tab that is opened while another signs out waits for that, and asks for no second one."""
    with visit() as ana:
        ana.sign_in()
        held: list[Route] = []
        asked: list[str] = []
        ana.page.route("**/auth/logout", lambda route: held.append(route))
        ana.context.on("request", lambda request: asked.append(request.url) if "logout" in request.url else None)
        ana.page.get_by_role("button", name="Sign out").click()
        expect(ana.page).to_have_url(re.compile("/console/sign-in"))
        other = ana.context.new_page()
        other.goto(f"{ana.lodging.url}/console/")
        [waiting] = held
        waiting.continue_()
        expect(other).to_have_url(re.compile("/console/sign-in"))
        assert asked == [f"{ana.lodging.url}/auth/logout"]


def test_the_menu_shows_what_one_may(lodge: Lodging, visit: Visiting) -> None:
    """A user without an administrator's permissions is not led to pages that would refuse them."""
    with visit() as ana:
        ana.sign_in(lodge.person("user"))
        expect(ana.page.get_by_role("link", name="Pets", exact=True)).to_be_visible()
        for name in ("Audit log", "Users", "Tenants", "Limits"):
            expect(ana.page.get_by_role("link", name=name, exact=True)).to_have_count(0)
