"""The first page: what is asked of the house, how it is answered, and what waits."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.lodging import PASSWORD, Lodging, Person
from tests.console.visits import Visit
from tests.house import eventually

OVERVIEW = "/console/?period=1h"
CHARTS = ("Requests", "Latency", "Errors and refusals", "Outbox lag", "Jobs", "Waiting to be told")


def tenant(lodge: Lodging) -> tuple[str, Person]:
    """A new tenant with an administrator."""
    slug = f"t-{uuid4().hex[:8]}"
    email = f"boss@{slug}.example"
    first = {"email": email, "name": "Boss", "password": PASSWORD}
    made = lodge.admin.post("/api/v2/tenants", json={"slug": slug, "name": f"Tenant {slug}", "admin": first})
    assert made.status_code == 201, made.text
    return slug, Person(email, lodge.client({}))


def charts(ana: Visit) -> list[str]:
    """The words of every chart, once the first is there."""
    drawn = ana.page.get_by_role("main").get_by_role("img")
    expect(drawn.first).to_be_visible()
    return [str(one.get_attribute("aria-label")) for one in drawn.all()]


def test_operators_see_the_whole_house(lodge: Lodging, visit: Visiting) -> None:
    """All tenants' requests, latencies, refusals, and what waits: figures, charts with words, parts of the house."""
    for _ in range(3):
        lodge.admin.get("/api/v2/pets")

    def sampled() -> bool:
        work = lodge.admin.get("/api/v2/metrics?period=1h").json()["data"]["work"]
        return any(point["jobs_waiting"] is not None for point in work)

    eventually(sampled, 90)
    with visit() as ana:
        ana.sign_in(then=OVERVIEW)
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Overview")
        for title in CHARTS:
            expect(ana.page.get_by_role("region", name=title, exact=True)).to_be_visible()
        for said in (r"^Latency\. p50: .* ms.* p95: .* p99: ", r"^Outbox lag\. Outbox lag: "):
            expect(ana.page.get_by_role("img", name=re.compile(said))).to_be_visible()
        operations = ana.page.get_by_role("region", name="Operations")
        every = operations.get_by_role("button", name="Show all")
        expect(operations.get_by_role("row").nth(1)).to_be_visible()
        if every.is_visible():
            every.click()
        expect(operations.get_by_role("table")).to_contain_text("/api/v2/pets")
        expect(ana.page.get_by_role("table", name="Tenants")).to_contain_text("default")
        expect(ana.page.get_by_role("table", name="Processes")).to_contain_text("scheduler@")
        expect(ana.page.get_by_role("region", name="Health")).to_contain_text("Database")
        ana.axe()
        ana.shot("overview", full=True)


@pytest.mark.parametrize(("language", "dark"), [("en", True), ("pt-BR", False)])
def test_on_a_phone(lodge: Lodging, visit: Visiting, language: str, dark: bool) -> None:
    """It fits a phone without scrolling sideways, in both languages, light and dark."""
    with visit(phone=True, language=language, dark=dark) as ana:
        ana.sign_in(then=OVERVIEW)
        charts(ana)
        assert ana.page.evaluate("document.documentElement.scrollWidth") <= 390
        ana.axe()
        ana.shot(f"overview-phone-{language}")


def test_every_period(lodge: Lodging, visit: Visiting) -> None:
    """Each period is chosen with the keyboard, kept in the address, and shown with all its points in the table."""
    points = {"1 hour": ("1h", 61), "24 hours": ("24h", 25), "7 days": ("7d", 8), "30 days": ("30d", 31)}
    with visit() as ana:
        ana.sign_in(then=OVERVIEW)
        ana.page.get_by_role("button", name="As a table: Requests").click()
        table = ana.page.get_by_role("table", name="Requests")
        for name, (kept, number) in points.items():
            chosen = ana.page.get_by_role("radio", name=name)
            if not chosen.is_checked():
                ana.page.get_by_role("radio", checked=True, name=re.compile("hour|day")).press("ArrowRight")
            expect(chosen).to_be_checked()
            expect(ana.page).to_have_url(re.compile(f"period={kept}$"))
            expect(table.get_by_role("row")).to_have_count(number + 1)
        ana.axe()


def test_an_operator_looks_at_one_tenant(lodge: Lodging, visit: Visiting) -> None:
    """A tenant is found by its name, and its figures alone are shown; back to all the same way."""
    slug, _ = tenant(lodge)
    lodge.admin.get("/api/v2/pets")
    with visit() as ana:
        ana.sign_in(then=OVERVIEW)
        picker = ana.page.locator("input[aria-label='Whose figures']")
        picker.fill(slug)
        ana.page.get_by_role("option", name=f"Tenant {slug}").click()
        expect(ana.page).to_have_url(re.compile("tenant="))
        expect(ana.page.get_by_role("table", name="Tenants")).to_have_count(0)
        expect(ana.page.get_by_role("group", name="Files")).to_be_visible()
        expect(ana.page.get_by_text("Nothing was asked in this period.")).to_be_visible()
        picker.fill("All tenants")
        ana.page.get_by_role("option", name="All tenants").click()
        expect(ana.page.get_by_role("table", name="Tenants")).to_contain_text("default")
        expect(ana.page.get_by_text("Nothing was asked in this period.")).to_have_count(0)


def test_a_new_tenant_is_led_on(lodge: Lodging, visit: Visiting) -> None:
    """Where nothing was done yet there is where to begin; of the house's own work a tenant sees nothing."""
    _, boss = tenant(lodge)
    with visit() as ana:
        ana.sign_in(boss, then=OVERVIEW)
        expect(ana.page.get_by_role("region", name="First steps")).to_be_visible()
        expect(ana.page.get_by_role("region", name="Requests", exact=True)).to_be_visible()
        for gone in ("Outbox lag", "Processes", "Tenants"):
            expect(ana.page.get_by_role("region", name=gone)).to_have_count(0)
        ana.axe()
        ana.page.get_by_role("link", name="Make an API key").click()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("API keys")


def test_who_may_not_see_figures(lodge: Lodging, visit: Visiting) -> None:
    """A user is told why there are none and what they can do, and nothing is asked that would be refused."""
    with visit() as ana:
        ana.sign_in(lodge.person("user"))
        expect(ana.page.get_by_text("Your role does not show the organisation's figures")).to_be_visible()
        expect(ana.page.get_by_role("region", name="First steps")).to_be_visible()
        ana.axe()


def test_it_reads_itself_anew(lodge: Lodging, visit: Visiting) -> None:
    """What is asked meanwhile appears by itself; a figure grows while one looks at it."""
    boss = lodge.boss()
    with visit() as ana:
        ana.sign_in(boss, then=OVERVIEW)
        seen = ana.page.get_by_test_id("as-of")
        expect(seen).to_be_visible()
        before = seen.inner_text()
        asked = ana.page.get_by_role("table", name="Operations").get_by_role("row").filter(has_text="/api/v2/pets")
        expect(asked).to_have_count(0)
        for requests in ("50", "100"):
            for _ in range(50):
                assert boss.client.get("/api/v2/pets").status_code == 200
            expect(asked.get_by_role("cell").first).to_have_text(requests, timeout=60_000)
        expect(seen).not_to_have_text(before)
