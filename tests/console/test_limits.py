"""Who is near a limit, the limits in force, plans and quotas."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES, words
from tests.console.lodging import Lodging
from tests.house import eventually


def on_plan(lodge: Lodging, plan: str, rate: str) -> tuple[str, httpx.Client]:
    """A key on a new plan: its id, and who calls with it."""
    with lodge.admin as admin:
        assert admin.put(f"/api/v2/plans/{plan}", json={"rate": rate}).status_code == 200
        eventually(lambda: f"plan.{plan}" in admin.get("/api/v2/limits").text)
        made = admin.post("/api/v2/keys", json={"name": plan, "scopes": ["keys:read"], "plan": plan}).json()["data"]
    return made["id"], lodge.client({"X-API-Key": made["key"]})


def fresh(word: str) -> str:
    return f"{word}-{uuid4().hex[:10]}"


@pytest.mark.parametrize(
    ("phone", "language", "dark"), [(False, "en", False), (True, "pt-BR", True)], ids=["desktop", "phone"]
)
def test_who_is_near_appears_by_itself(lodge: Lodging, visit: Visiting, phone: bool, language: str, dark: bool) -> None:
    """A caller who uses up its limit appears on the open page, with its share, and that it is refused now."""
    plan = fresh("near")
    key, caller = on_plan(lodge, plan, "6/hour")
    with visit(phone=phone, language=language, dark=dark) as ana, caller:
        page = ana.page
        ana.sign_in(lodge.person(), then="/console/limits")
        expect(page.get_by_role("heading", level=1)).to_have_text("Limites" if language == "pt-BR" else "Limits")
        row = page.get_by_role("row").filter(has_text=key)
        expect(row).to_have_count(0)
        eventually(lambda: caller.get("/api/v2/keys").status_code == 429)
        caller.get("/api/v2/keys")
        expect(row).to_contain_text(f"plan.{plan}")
        expect(row).to_contain_text("Recusado" if language == "pt-BR" else "Refused")
        expect(row.get_by_role("progressbar")).to_be_visible()
        ana.axe()
        if not phone:
            ana.shot("limits")


def test_a_tenants_administrator_sees_their_own_callers_only(lodge: Lodging, visit: Visiting) -> None:
    """Without the platform's permission there are no limits to change, and nothing of others."""
    slug = fresh("own")
    key, caller = on_plan(lodge, fresh("near"), "4/hour")
    admin = {"email": f"{slug}@example.org", "name": "Dona", "password": "correct horse battery"}
    made = lodge.admin.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": admin})
    assert made.status_code == 201, made.text
    with visit() as ana, caller:
        eventually(lambda: caller.get("/api/v2/keys").status_code == 429)
        page = ana.page
        ana.go("/console/sign-in")
        page.locator("input[name=email]").fill(admin["email"])
        page.locator("input[name=password]").fill(admin["password"])
        page.locator("form button[type=submit]").click()
        page.get_by_role("navigation").get_by_role("link", name="Limits").click()
        expect(page.get_by_text("Everybody is far from their limits.")).to_be_visible()
        expect(page.get_by_role("tab")).to_have_count(0)
        expect(page.get_by_text(key)).to_have_count(0)


@pytest.mark.parametrize("eyes", EYES)
def test_a_limit_is_set_and_reset(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """An operator changes a limit, is told of a rate that is none, and goes back to what is declared."""
    said, save = words("limits", eyes), words("", eyes)("save")
    with visit(**eyes) as ana:
        page = ana.page
        ana.allowed.add(422)
        ana.sign_in(lodge.person(), then="/console/limits?tab=policies")
        row = page.get_by_role("row").filter(has_text="hooks").first
        name = row.get_by_role("link").inner_text()
        ana.axe()
        row.get_by_role("button", name=said("change_of", name=name)).click()
        dialog = page.get_by_role("dialog")
        rate = dialog.get_by_label(said("rate"))
        rate.fill("often")
        dialog.get_by_role("button", name=save).click()
        expect(rate).to_have_attribute("aria-invalid", "true")
        ana.axe()
        rate.fill("7777/minute")
        dialog.get_by_role("button", name=save).click()
        expect(dialog).to_have_count(0)
        expect(row).to_contain_text(re.compile("7[.,]777"))
        expect(row).to_contain_text(said("changed"))
        eventually(lambda: quota(lodge, name) == 7777)
        reset = row.get_by_role("button", name=said("reset_of", name=name))
        reset.click()
        dialog.get_by_role("button", name=said("reset")).click()
        eventually(lambda: quota(lodge, name) != 7777)
        expect(reset).to_have_count(0)


def quota(lodge: Lodging, name: str) -> int:
    with lodge.admin as admin:
        limits = admin.get("/api/v2/limits").json()["data"]
    found: int = next(one["quota"] for one in limits if one["name"] == name)
    return found


@pytest.mark.parametrize("eyes", EYES)
def test_a_plan_is_made_with_its_quotas_and_deleted(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """A plan gets a rate and an amount of a quota; both are shown, and both go."""
    name = fresh("gold")
    said, quotas, common = words("limits", eyes), words("quotas", eyes), words("", eyes)
    amount = re.compile("capsules.capsules: 1[.,]234")
    with visit(**eyes) as ana:
        page = ana.page
        ana.sign_in(lodge.person(), then="/console/limits?tab=plans")
        page.get_by_role("button", name=said("new_plan")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(said("plan")).fill(name)
        dialog.get_by_label(said("rate")).fill("600/minute")
        dialog.get_by_role("button", name=common("save")).click()
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("600/minute")
        row.get_by_role("button", name=said("quotas_of", name=name)).click()
        dialog.get_by_label(said("quota_to_set"), exact=True).select_option("capsules.capsules")
        dialog.get_by_label(quotas("amount", unit="").partition(" (")[0]).fill("1234")
        dialog.get_by_role("button", name=common("save")).click()
        expect(dialog).to_contain_text(amount)
        ana.axe()
        page.keyboard.press("Escape")
        expect(row).to_contain_text(amount)
        row.get_by_role("button", name=said("remove_of", name=name)).click()
        dialog.get_by_role("button", name=common("delete"), exact=True).click()
        expect(row).to_have_count(0)


def test_ones_own_quotas_are_shown(lodge: Lodging, visit: Visiting) -> None:
    """Everybody of the organisation sees what it may have and use, in their language."""
    with visit(phone=True, language="pt-BR") as ana:
        ana.sign_in(lodge.person("user"), then="/console/quotas")
        row = ana.page.get_by_role("row").filter(has_text="capsules.storage")
        expect(row).to_contain_text("GB")
        expect(row.get_by_role("progressbar")).to_have_count(1)
        ana.axe()


def test_too_many_requests_are_waited_for(lodge: Lodging, visit: Visiting) -> None:
    """A page that meets the limit says so with the seconds, and reads again by itself when they are over."""
    with visit() as ana:
        page: Page = ana.page
        person = lodge.person()
        ana.allowed.add(429)
        ana.sign_in(person, then="/console/quotas")
        expect(page.get_by_role("row").nth(1)).to_be_visible()
        refusing = True

        def answer(route: object) -> None:
            if refusing:
                route.fulfill(  # type: ignore[attr-defined]
                    status=429,
                    headers={"Retry-After": "2", "Content-Type": "application/problem+json"},
                    body='{"status": 429, "detail": "Too many requests.", "request_id": "r-1", "errors": []}',
                )
            else:
                route.continue_()  # type: ignore[attr-defined]

        page.route("**/api/v2/quotas", answer)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("Too many requests.")
        expect(page.get_by_role("alert")).to_contain_text("Tries again in")
        ana.axe()
        refusing = False
        expect(page.get_by_role("row").nth(1)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
