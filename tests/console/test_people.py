"""Users, roles, invitations, the organisation and the tenants: from sign-in to what is stored."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES, mailed, words
from tests.console.lodging import Lodging, Person
from tests.house import eventually


def fresh(word: str) -> str:
    return f"{word}-{uuid4().hex[:10]}"


def dialog(page: Page) -> Any:
    return page.get_by_role("dialog")


def stored(person: Person, path: str, **asked: str) -> list[dict[str, Any]]:
    answer = person.client.get(f"/api/v2/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.parametrize("eyes", EYES)
def test_a_user_is_made_found_changed_and_removed(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """An administrator makes a member, finds it, gives it another role, disables and removes it."""
    name = fresh("Beatriz")
    email = f"{name.lower()}@example.org"
    admin = lodge.person()
    said, common = words("users", eyes), words("", eyes)
    with visit(**eyes) as ana:
        page = ana.page
        ana.sign_in(admin, then="/console/users")
        expect(page.get_by_role("heading", level=1)).to_have_text(said("title"))
        ana.axe()
        page.get_by_role("button", name=said("new")).click()
        form = dialog(page)
        form.get_by_label(said("email")).fill(email)
        form.get_by_label(said("name")).fill(name)
        ana.axe()
        form.get_by_role("button", name=said("make")).click()
        expect(form).to_have_count(0)
        page.get_by_label(common("search")).fill(name[-6:])
        row = page.get_by_role("row").filter(has_text=email)
        expect(row).to_contain_text("user")
        expect(page).to_have_url(re.compile(f"search={name[-6:]}"))
        row.get_by_role("button", name=said("open", name=name)).click()
        dialog(page).get_by_label("viewer").check()
        dialog(page).get_by_label(said("may_come_in")).uncheck()
        dialog(page).get_by_role("button", name=common("save")).click()
        expect(row).to_contain_text(said("disabled"))
        [found] = stored(admin, "users", search=email)
        assert (sorted(found["roles"]), found["enabled"]) == (["user", "viewer"], False)
        ana.shot("users-phone" if eyes else "users")
        row.get_by_role("button", name=said("open", name=name)).click()
        dialog(page).get_by_role("button", name=said("remove")).click()
        sure = dialog(page).filter(has_text=said("remove_sure", name=name))
        ana.axe()
        sure.get_by_role("button", name=said("remove")).click()
        expect(page.get_by_text(common("nothing_found"))).to_be_visible()
        assert stored(admin, "users", search=email) == []


def test_what_somebody_changed_meanwhile_is_not_overwritten(lodge: Lodging, visit: Visiting) -> None:
    """Saving over another's change is refused in words; loading again shows theirs, and then one may save."""
    admin, other = lodge.person(), lodge.person("viewer")
    [them] = stored(admin, "users", search=other.email)
    with visit() as ana:
        page = ana.page
        ana.allowed.add(412)
        ana.sign_in(admin, then=f"/console/users?user={them['id']}")
        name = dialog(page).get_by_label("Name")
        expect(name).to_have_value("Ana")
        admin.client.patch(f"/api/v2/users/{them['id']}", json={"name": "Bea"})
        name.fill("Clara")
        dialog(page).get_by_role("button", name="Save").click()
        alert = dialog(page).get_by_role("alert")
        expect(alert).to_contain_text("Somebody changed this meanwhile")
        ana.axe()
        assert stored(admin, "users", search=other.email)[0]["name"] == "Bea"
        alert.get_by_role("button", name="Load it again").click()
        expect(name).to_have_value("Bea")
        name.fill("Clara")
        dialog(page).get_by_role("button", name="Save").click()
        eventually(lambda: stored(admin, "users", search=other.email)[0]["name"] == "Clara")


def test_what_the_api_says_of_a_field_stands_at_the_field(lodge: Lodging, visit: Visiting) -> None:
    """A refused form says at each field what is wrong with it, and moves there."""
    with visit() as ana:
        page = ana.page
        ana.allowed |= {422, 409}
        ana.sign_in(lodge.person(), then="/console/users")
        page.get_by_role("button", name="New user").click()
        form = dialog(page)
        form.get_by_label("E-mail").fill("nobody")
        form.get_by_label("Name").fill("Nobody")
        form.get_by_role("button", name="Make user").click()
        field = form.get_by_label("E-mail")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        ana.axe()
        field.fill(lodge.person().email)
        form.get_by_role("button", name="Make user").click()
        expect(form.get_by_role("alert").or_(form.locator("[aria-invalid=true]"))).to_have_count(1)


def test_who_may_not_is_told_so(lodge: Lodging, visit: Visiting) -> None:
    """Without the permission a page is not in the menu, and at its address it says what is missing and whom to ask."""
    with visit() as ana:
        page = ana.page
        ana.sign_in(lodge.person("user"), then="/console/organization")
        expect(page.get_by_role("heading", level=1)).to_have_text("Organisation")
        menu = page.get_by_role("navigation")
        expect(menu.get_by_role("link", name="Organisation", exact=True)).to_be_visible()
        for name, path in (("Users", "users"), ("Roles", "roles"), ("Tenants", "tenants"), ("Audit log", "audit")):
            expect(menu.get_by_role("link", name=name, exact=True)).to_have_count(0)
            ana.go(f"/console/{path}")
            expect(page.get_by_text("Your role does not allow this")).to_be_visible()
        ana.axe()


@pytest.mark.parametrize("eyes", EYES)
def test_a_role_is_made_of_what_there_is(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """A role is made from the list of permissions, changed and deleted; built-in ones can only be read."""
    name = fresh("clerk")
    admin = lodge.person()
    said, save = words("roles", eyes), words("", eyes)("save")
    with visit(**eyes) as ana:
        page = ana.page
        ana.sign_in(admin, then="/console/roles")
        expect(page.get_by_role("heading", level=1)).to_have_text(said("title"))
        ana.axe()
        page.get_by_role("button", name=said("new")).click()
        form = dialog(page)
        form.get_by_label(said("name")).fill(name)
        form.get_by_label(said("description")).fill("Cuida dos animais")
        form.get_by_label(said("find_permission")).fill("pets:")
        form.get_by_label("pets:write").check()
        ana.axe()
        form.get_by_label(said("find_permission")).fill("")
        form.get_by_label("users:read").check()
        expect(form).to_contain_text(said("chosen_other", count=2))
        form.get_by_role("button", name=said("make")).click()
        expect(form).to_have_count(0)
        [made] = stored(admin, "roles", search=name)
        assert sorted(made["permissions"]) == ["pets:write", "users:read"]
        opening = page.get_by_role("button", name=said("open", name=name))
        opening.click()
        dialog(page).get_by_label("users:read").uncheck()
        dialog(page).get_by_role("button", name=save).click()
        expect(dialog(page)).to_have_count(0)
        assert stored(admin, "roles", search=name)[0]["permissions"] == ["pets:write"]
        opening.click()
        dialog(page).get_by_role("button", name=said("remove")).click()
        sure = dialog(page).filter(has_text=said("remove_sure", name=name).partition(".")[0])
        sure.get_by_role("button", name=said("remove")).click()
        expect(opening).to_have_count(0)
        page.get_by_role("button", name=said("open", name="viewer")).click()
        expect(dialog(page).get_by_role("button", name=save)).to_have_count(0)
        expect(dialog(page).get_by_label("quotas:read")).to_be_disabled()


@pytest.mark.parametrize("eyes", EYES)
def test_somebody_is_invited_and_the_invitation_withdrawn(
    lodge: Lodging, visit: Visiting, eyes: dict[str, Any]
) -> None:
    """An invitation is mailed, listed as open, mailed again with another link, and withdrawn; then no link opens."""
    email = f"{fresh('invited')}@example.org"
    admin = lodge.person()
    said = words("invitations", eyes)
    with visit(**eyes) as ana:
        page = ana.page
        ana.sign_in(admin, then="/console/invitations")
        page.get_by_role("button", name=said("new")).click()
        dialog(page).get_by_label(said("email")).fill(email)
        dialog(page).get_by_label("viewer").check()
        ana.axe()
        dialog(page).get_by_role("button", name=said("invite")).click()
        row = page.get_by_role("row").filter(has_text=email)
        expect(row).to_contain_text(said("states.open"))
        first, _ = mailed(lodge, email, "invitation")
        ana.axe()
        row.get_by_role("button", name=said("resend_to", email=email)).click()
        expect(page.get_by_text(said("resent", email=email))).to_be_visible()
        eventually(lambda: mailed(lodge, email, "invitation")[0] != first, 60)
        second, _ = mailed(lodge, email, "invitation")
        assert [opens(lodge, link) for link in (first, second)] == [False, True]
        row.get_by_role("button", name=said("withdraw_of", email=email)).click()
        dialog(page).get_by_role("button", name=said("withdraw")).click()
        expect(row).to_contain_text(said("states.withdrawn"))
        assert [one["state"] for one in stored(admin, "invitations", search=email)] == ["withdrawn"]
        assert not opens(lodge, second)


def opens(lodge: Lodging, link: str) -> bool:
    """Whether who has the mail's link is shown what it invites to."""
    token = link.partition("#token=")[2]
    return httpx.post(f"{lodge.url}/api/v2/invitations/look", json={"token": token}, timeout=30).is_success


@pytest.mark.parametrize("eyes", EYES)
def test_an_organisation_is_renamed_and_left(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """Its facts and newest members are shown; its name is changed; who is its only administrator cannot leave, and who
    leaves after another was made is signed out and no member any more."""
    dona, heir = lodge.boss(), f"{fresh('heir')}@example.org"
    slug = dona.client.get("/api/v2/organizations/current").json()["data"]["slug"]
    said = words("organization", eyes)

    def leave(page: Page) -> None:
        page.get_by_role("button", name=said("leave")).click()
        dialog(page).get_by_role("button", name=said("leave")).click()
        expect(dialog(page)).to_have_count(0)

    with visit(**eyes) as ana:
        page = ana.page
        ana.allowed.add(409)
        ana.sign_in(dona, then="/console/organization")
        expect(page.locator("dl").get_by_text(slug, exact=True)).to_be_visible()
        expect(page.get_by_role("table")).to_contain_text(dona.email)
        ana.axe()
        page.get_by_label(said("new_name")).fill("Bakery of Dona")
        page.get_by_role("button", name=said("rename")).click()
        expect(page.locator("dl")).to_contain_text("Bakery of Dona")
        leave(page)
        expect(page.get_by_role("alert").filter(has_text=re.compile("administra[td]or"))).to_be_visible()
        body = {"email": heir, "name": "Heir", "password": "correct horse battery", "roles": ["admin"]}
        made = dona.client.post("/api/v2/users", json=body)
        assert made.status_code == 201, made.text
        leave(page)
        expect(page).to_have_url(re.compile("/console/sign-in"))
        own = httpx.post(f"{lodge.url}/auth/login", json={"email": heir, "password": body["password"]}, timeout=30)
        with lodge.client({"Authorization": f"Bearer {own.json()['access_token']}"}) as client:
            assert [one["email"] for one in stored(Person(heir, client), "users")] == [heir]


@pytest.mark.parametrize("eyes", EYES)
def test_an_operator_makes_a_tenant_and_agrees_on_a_quota(
    lodge: Lodging, visit: Visiting, eyes: dict[str, Any]
) -> None:
    """A tenant is made with its administrator, gets a quota of its own, is disabled and found by that."""
    slug, quota = fresh("shop"), "capsules.capsules"
    said, quotas, save = words("tenants", eyes), words("quotas", eyes), words("", eyes)("save")
    with visit(**eyes) as ana:
        page = ana.page
        ana.sign_in(lodge.person(), then="/console/tenants")
        expect(page.get_by_role("heading", level=1)).to_have_text(said("title"))
        ana.axe()
        page.get_by_role("button", name=said("new")).click()
        form = dialog(page)
        form.get_by_role("textbox", name=said("name"), exact=True).fill(f"Shop {slug}")
        form.get_by_label(said("slug")).fill(slug)
        form.get_by_label(said("email")).fill(f"{slug}@example.org")
        form.get_by_label(said("admin_name")).fill("Dona")
        form.get_by_role("textbox", name=said("password"), exact=True).fill("correct horse battery")
        ana.axe()
        form.get_by_role("button", name=said("make")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(said("one"))
        page.get_by_role("button", name=quotas("change_of", name=quota)).click()
        dialog(page).get_by_label(quotas("amount", unit="").partition(" (")[0]).fill("7")
        dialog(page).get_by_role("button", name=save).click()
        row = page.get_by_role("row").filter(has_text=quota)
        expect(row).to_contain_text(quotas("sources.tenant"))
        ana.axe()
        ana.shot("tenant-phone" if eyes else "tenant")
        row.get_by_role("button", name=quotas("reset_of", name=quota)).click()
        dialog(page).get_by_role("button", name=quotas("reset")).click()
        expect(row).to_contain_text(quotas("sources.declared"))
        page.get_by_label(said("is_served")).uncheck()
        page.get_by_role("button", name=save).click()
        dialog(page).get_by_role("button", name=said("disable")).click()
        eventually(
            lambda: lodge.admin.get("/api/v2/tenants", params={"search": slug}).json()["data"][0]["enabled"] is False
        )
        ana.go(f"/console/tenants?enabled=false&search={slug}")
        expect(page.get_by_role("row").filter(has_text=slug)).to_contain_text(said("disabled"))
