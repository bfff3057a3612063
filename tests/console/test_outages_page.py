"""The page on which everybody sees who is without power now."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging
from tests.console.visits import PHONE, Visit
from tests.documents.markup_reading import Page as BuiltPage

LIVE = 45_000
"""Milliseconds within which what was reported must be seen."""

BOA_VISTA, CANTA, CAROEBE = 1400100, 1400175, 1400233
SERVED = {BOA_VISTA: 31_400, CANTA: 200, CAROEBE: 2_900}
FIRST_PAGE = 250_000


@pytest.fixture(autouse=True)
def reported(lodge: Lodging) -> Iterator[None]:
    """1 234 of 31 400 units out in Boa Vista, 40 of 200 in Cantá, none in Caroebe; closed at the end."""
    with lodge.admin as admin:
        pairs = [{"conjunto": 1, "municipio": code, "served": served} for code, served in SERVED.items()]
        answer = admin.put("/api/v2/outages/universe", json=pairs)
        assert answer.is_success, answer.text
    report(lodge, "page-1", BOA_VISTA, 1000, hours=7)
    report(lodge, "page-2", BOA_VISTA, 234, hours=0.5, planned=True)
    report(lodge, "page-3", CANTA, 40, hours=50, planned=True)
    yield
    for name in ("page-1", "page-2", "page-3", "page-4"):
        close(lodge, name)


def report(lodge: Lodging, name: str, municipio: int, affected: int, *, hours: float, planned: bool = False) -> None:
    began = datetime.now(UTC) - timedelta(hours=hours)
    body: dict[str, Any] = {"started_at": began.isoformat(), "conjunto": 1, "municipio": municipio}
    with lodge.admin as admin:
        answer = admin.put(f"/api/v2/outages/{name}", json={**body, "affected": affected, "planned": planned})
        assert answer.is_success, answer.text


def close(lodge: Lodging, name: str) -> None:
    with lodge.admin as admin:
        answer = admin.post(f"/api/v2/outages/{name}/close", json={"ended_at": datetime.now(UTC).isoformat()})
        assert answer.status_code in (200, 404, 409), answer.text


def lead(page: Page) -> Locator:
    return page.get_by_test_id("lead")


def names(page: Page) -> list[str]:
    """The municípios as the table has them."""
    return page.locator("[data-testid=municipios] tbody th").all_inner_texts()


def opened(ana: Visit, path: str = "/outages") -> Page:
    """The page once its script shows it and listens."""
    ana.go(path)
    expect(ana.page.get_by_test_id("live")).to_be_visible()
    expect(ana.page.locator(".chart svg.recharts-surface").first).to_be_visible()
    return ana.page


def test_it_follows_what_is_reported(lodge: Lodging, visit: Visiting) -> None:
    """An outage that is reported is seen, in the totals, the table, the bands and for who listens, without loading the
    page anew; when it is closed it goes."""
    with visit() as ana:
        page = opened(ana)
        expect(lead(page)).to_have_text("1,274 of 34,500 consumer units without power")
        assert names(page) == ["Boa Vista", "Cantá", "Caroebe"]
        page.evaluate("window.same = true")
        report(lodge, "page-4", CAROEBE, 300, hours=2)
        expect(lead(page)).to_have_text(re.compile("^1,574 of"), timeout=LIVE)
        expect(page.get_by_test_id("announced")).to_have_text(re.compile("^1,574 of"))
        row = page.get_by_role("row", name=re.compile("^Caroebe"))
        expect(row.get_by_role("cell")).to_have_text(["0", "300", "300", "2,900", "10.34%"])
        band = page.get_by_test_id("bands").get_by_role("row", name=re.compile("^1 to 3 hours"))
        expect(band.get_by_role("cell")).to_have_text(["0", "300", "300"])
        assert names(page) == ["Boa Vista", "Caroebe", "Cantá"]
        close(lodge, "page-4")
        expect(lead(page)).to_have_text(re.compile("^1,274 of"), timeout=LIVE)
        assert page.evaluate("window.same") is True


def test_sorting_and_finding(visit: Visiting) -> None:
    """The table is sorted by its heads, which say so, searched without accents, and filtered by kind."""
    with visit() as ana:
        page = opened(ana)
        head = page.get_by_role("columnheader", name="Município")
        expect(page.get_by_role("columnheader", name="Without power").first).to_have_attribute(
            "aria-sort", "descending"
        )
        head.get_by_role("button").press("Enter")
        expect(head).to_have_attribute("aria-sort", "ascending")
        page.get_by_role("columnheader", name="Share").get_by_role("button").click()
        assert names(page) == ["Cantá", "Boa Vista", "Caroebe"]
        page.get_by_role("switch", name="Only where power is out").check()
        expect(page.get_by_test_id("shown")).to_have_text("2 of 3 municípios shown")
        kinds = page.get_by_role("radiogroup", name="Which outages")
        kinds.get_by_text("Unplanned", exact=True).click()
        expect(page.get_by_test_id("shown")).to_have_text("1 of 3 municípios shown")
        kinds.get_by_text("All", exact=True).click()
        page.get_by_label("Search for a município").fill("canta")
        expect(page.get_by_test_id("shown")).to_have_text("1 of 3 municípios shown")
        assert names(page) == ["Cantá"]
        page.get_by_label("Search for a município").fill("Manaus")
        expect(page.get_by_text("Nothing fits these filters.")).to_be_visible()
        ana.axe()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_for_everyone(visit: Visiting, phone: bool, dark: bool, language: str) -> None:
    """In both languages, light and dark, on a phone and a desk: nothing keeps anybody out, nothing is wider than the
    screen, and each chart is told in words."""
    with visit(phone=phone, dark=dark, language=language) as ana:
        page = opened(ana)
        portuguese = language == "pt-BR"
        title = "Interrupções de energia em andamento" if portuguese else "Power outages now"
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page).to_have_title(title)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark" if dark else "light")
        expect(lead(page)).to_have_text(re.compile(r"^1\.274 de 34\.500" if portuguese else "^1,274 of 34,500"))
        charts = page.get_by_role("img", name=re.compile("^Gráfico" if portuguese else "^Chart"))
        expect(charts).to_have_count(2)
        expect(charts.first).to_have_accessible_name(re.compile(r"Boa Vista 1[.,]234, Cantá 40"))
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        ana.axe()
        if dark == phone:
            ana.shot(f"outages-{language}-{'phone-dark' if phone else 'desktop'}", full=True)


def test_languages(visit: Visiting) -> None:
    """Portuguese where the browser asks for neither; what the address asks for; what was chosen on the page stays."""
    with visit(language="en") as ana:
        ana.context.set_extra_http_headers({"Accept-Language": "fr"})
        ana.context.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['fr']})")
        page = opened(ana)
        expect(page.get_by_role("heading", level=1)).to_have_text("Interrupções de energia em andamento")
    with visit(language="pt-BR") as ana:
        page = opened(ana, "/outages?lang=en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Power outages now")
        page.get_by_role("button", name="Language").click()
        page.get_by_role("menuitem", name="Português").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Interrupções de energia em andamento")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Interrupções de energia em andamento")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_paper(visit: Visiting, tmp_path: Path, dark: bool) -> None:
    """Printed on A4 it is black on white whatever the screen is, without what can only be pressed, and nothing is cut
    off at the side."""
    with visit(dark=dark, language="pt-BR") as ana:
        page = opened(ana)
        reader = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True, print_background=False)))
        assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
        text = "\n".join(one.extract_text() for one in reader.pages)
        for words in ("Interrupções de energia em andamento", "1.274 de 34.500", "Caroebe", "mais de 48 horas"):
            assert words in text
        assert "Imprimir" not in text and "Buscar" not in text
        page.set_viewport_size({"width": 688, "height": 1000})
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        charts = page.locator(".chart .recharts-wrapper > svg")
        for chart in charts.all():
            box = chart.bounding_box()
            assert box is not None and box["width"] > 300 and box["x"] >= 0 and box["x"] + box["width"] <= 688
        expect(page.get_by_role("button", name="Imprimir")).to_be_hidden()


def test_without_a_script(visit: Visiting) -> None:
    """Who runs no script has the same numbers in tables, and loads them anew each minute."""
    with visit(java_script_enabled=False, language="pt-BR") as ana:
        ana.go("/outages")
        page = ana.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Interrupções de energia em andamento")
        expect(page.get_by_text("1.274 de 34.500 unidades consumidoras sem energia")).to_be_visible()
        row = page.get_by_role("row", name=re.compile("^Cantá"))
        expect(row.get_by_role("cell").nth(2)).to_have_text("40")
        assert re.search(r'<noscript><meta http-equiv="refresh" content="60">', page.content())
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Power outages now")


def test_it_is_there_before_anybody_was_asked(lodge: Lodging, visit: Visiting) -> None:
    """What the page brought along is shown though the API says nothing; it says that this may be old."""
    with visit() as ana:
        ana.allowed.add(0)
        ana.page.route("**/api/v2/outages/summary", lambda route: route.abort())
        ana.go("/outages")
        expect(lead(ana.page)).to_have_text("1,274 of 34,500 consumer units without power")
        expect(ana.page.get_by_text("Not updated at the moment")).to_be_visible()
        ana.axe()
        ana.page.unroute("**/api/v2/outages/summary")
        expect(ana.page.get_by_text("Not updated at the moment")).to_have_count(0, timeout=LIVE)


def test_it_is_small(lodge: Lodging) -> None:
    """The page with all that it links, which is what must be there before it can be used, takes less than 250 kB; the
    charts come after."""
    document = httpx.get(f"{lodge.url}/outages", timeout=30)
    linked = {lodge.url + address for address in BuiltPage(document.text).files}
    assert len(linked) > 5
    sizes = [int(httpx.get(address, timeout=30).headers["content-length"]) for address in linked]
    assert len(document.content) + sum(sizes) < FIRST_PAGE


def test_without_its_charts(visit: Visiting) -> None:
    """Where the charts cannot be had, the tables have all of it still, and the page says so."""
    with visit() as ana:
        ana.page.route("**/assets/Bars-*.js", lambda route: route.abort())
        ana.go("/outages")
        expect(ana.page.get_by_text("The chart could not be loaded.").first).to_be_visible()
        expect(lead(ana.page)).to_have_text("1,274 of 34,500 consumer units without power")
        assert names(ana.page) == ["Boa Vista", "Cantá", "Caroebe"]
        ana.axe()
        assert all("Bars-" in said or "ERR_FAILED" in said for said in ana.complaints)
        ana.complaints.clear()


def test_too_many_requests(lodge: Lodging, visit: Visiting) -> None:
    """A 429 is waited out by itself: what was shown stays meanwhile, and then it is fresh."""
    refused = {"status": 429, "headers": {"Retry-After": "2", "Content-Type": "application/problem+json"}, "body": "{}"}
    with visit() as ana:
        ana.allowed.add(429)
        page = opened(ana)
        page.route("**/api/v2/outages/summary", lambda route: route.fulfill(**refused), times=3)
        report(lodge, "page-4", CAROEBE, 300, hours=2)
        expect(page.get_by_text("Not updated at the moment")).to_be_visible(timeout=LIVE)
        expect(lead(page)).to_have_text(re.compile("^1,274 of"))
        expect(lead(page)).to_have_text(re.compile("^1,574 of"), timeout=LIVE)
        expect(page.get_by_text("Not updated at the moment")).to_have_count(0)


def test_nothing_personal(lodge: Lodging) -> None:
    """Nothing in the page or in what it asks is finer than a município: no outage, no consumer unit."""
    text = httpx.get(f"{lodge.url}/outages", timeout=30).text
    asked = httpx.get(f"{lodge.url}/api/v2/outages/summary", timeout=30).json()["data"]
    assert "page-1" not in text + json.dumps(asked)
    assert set(asked) == {"as_of", "totals", "municipios", "bands"}


def test_the_server_goes_and_comes_back(lodge: Lodging, visit: Visiting) -> None:
    """While nobody answers the page keeps what it showed and says so; afterwards it follows again by itself."""
    with visit(phone=True) as ana:
        ana.allowed.update({0, 502, 503})
        page = opened(ana)
        with lodge.away():
            expect(page.get_by_test_id("connection-away")).to_be_visible(timeout=LIVE)
            expect(lead(page)).to_have_text(re.compile("^1,274 of"))
            ana.axe()
        expect(page.get_by_test_id("live")).to_be_visible(timeout=2 * LIVE)
        report(lodge, "page-4", CAROEBE, 300, hours=2)
        expect(lead(page)).to_have_text(re.compile("^1,574 of"), timeout=2 * LIVE)
        expect(page.get_by_test_id("connection-away")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
