"""One's own account, and in which organisation one acts."""

import re
from uuid import uuid4

import httpx
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.entering import FOLLOWING, at, enter, mailed, newcomer, sound
from tests.console.lodging import PASSWORD, Lodging


class TestOnesOwnAccount:
    def test_another_password_leaves_this_browser_in(self, lodge: Lodging, visit: Visiting) -> None:
        """The wrong present one is said at its field; the right one ends every other session, and the new one opens."""
        ana = lodge.person()
        with visit() as seen, visit() as other:
            seen.allowed, other.allowed = {422}, {401}
            other.sign_in(ana)
            seen.sign_in(ana, then="/console/account")
            form = seen.page.get_by_role("region", name="Change the password")
            form.get_by_label("Present password").fill("wrong wrong wrong")
            form.get_by_label("New password").fill(FOLLOWING)
            form.get_by_role("button", name="Change the password").click()
            expect(form.get_by_text("This is not the present password.")).to_be_visible()
            form.get_by_label("Present password").fill(PASSWORD)
            form.get_by_role("button", name="Change the password").click()
            expect(seen.page.get_by_text("All other sessions have ended.")).to_be_visible()
            seen.page.reload()
            expect(seen.page.get_by_role("heading", level=1, name="My account")).to_be_visible()
            other.go("/console/account")
            expect(other.page).to_have_url(re.compile("/console/sign-in"))
            enter(other.page, ana.email, FOLLOWING)
            at(other.page, "/console/account")

    def test_another_address_is_confirmed_by_its_mail(self, lodge: Lodging, visit: Visiting) -> None:
        """The account keeps its address until the link in the mail to the new one is used."""
        ana, email = lodge.person(), newcomer()
        with visit() as seen:
            seen.sign_in(ana, then="/console/account")
            form = seen.page.get_by_role("region", name="Change the e-mail address")
            form.get_by_label("New e-mail address").fill(email)
            form.get_by_label("Present password").fill(PASSWORD)
            form.get_by_role("button", name="Change the e-mail address").click()
            expect(form.get_by_role("status")).to_contain_text(email)
            link, _ = mailed(lodge, email, "verify")
            seen.page.reload()
            expect(seen.page.get_by_role("region", name="You")).to_contain_text(ana.email)
            seen.page.goto(link)
            seen.page.get_by_role("button", name="Confirm").click()
            expect(seen.page.get_by_role("status")).to_contain_text("your account's address from now on")
            seen.page.get_by_role("link", name="To the console").click()
            seen.go("/console/account")
            expect(seen.page.get_by_role("region", name="You")).to_contain_text(email)

    def test_signing_out_everywhere(self, lodge: Lodging, visit: Visiting) -> None:
        """It is asked first; then this browser and every other is out."""
        ana = lodge.person()
        with visit(dark=True) as seen:
            seen.sign_in(ana, then="/console/account")
            seen.page.get_by_role("region", name="Sign out everywhere").get_by_role("button").click()
            dialog = seen.page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            sound(seen)
            dialog.get_by_role("button", name="Sign out everywhere").click()
            expect(seen.page).to_have_url(re.compile("/console/sign-in"))
            assert ana.client.get("/auth/me").status_code == 401


class TestOrganizations:
    def test_making_one_and_acting_in_it(self, lodge: Lodging, visit: Visiting) -> None:
        """A new organisation is in the list; after the switch all tabs act in it, also after a reload."""
        slug = f"bakery-{uuid4().hex[:8]}"
        with visit() as seen:
            seen.sign_in(lodge.person("user"), then="/console/organizations")
            tab = seen.context.new_page()
            tab.goto(f"{lodge.url}/console/account")
            expect(tab.get_by_role("heading", level=1, name="My account")).to_be_visible()
            seen.page.get_by_role("button", name="Make an organisation").click()
            dialog = seen.page.get_by_role("dialog")
            dialog.get_by_label("Name *", exact=True).fill(slug.title())
            dialog.get_by_label("Short name").fill(slug)
            sound(seen)
            dialog.get_by_role("button", name="Create").click()
            row = seen.page.get_by_role("row", name=re.compile(slug))
            expect(row).to_be_visible()
            row.get_by_role("button", name=re.compile("Switch to")).click()
            expect(row).to_contain_text("present")
            expect(tab.get_by_role("region", name="You")).to_contain_text(slug)
            seen.page.reload()
            expect(seen.page.get_by_role("row", name=re.compile(slug))).to_contain_text("present")

    def test_a_short_name_that_is_taken_is_said_at_its_field(self, lodge: Lodging, visit: Visiting) -> None:
        """The form stays as it was written, and says which field to change."""
        with visit(phone=True, language="pt-BR", dark=True) as seen:
            seen.allowed = {409}
            seen.sign_in(lodge.person("user"), then="/console/organizations")
            seen.page.get_by_role("button", name="Criar uma organização").click()
            dialog = seen.page.get_by_role("dialog")
            dialog.get_by_label("Nome *", exact=True).fill("Padaria")
            dialog.get_by_label("Nome curto").fill("default")
            dialog.get_by_role("button", name="Criar").click()
            expect(dialog.get_by_text("Já há uma organização com este nome curto.")).to_be_visible()
            expect(dialog.get_by_label("Nome curto")).to_be_focused()
            expect(dialog.get_by_label("Nome *", exact=True)).to_have_value("Padaria")

    def test_leaving_one(self, lodge: Lodging, visit: Visiting) -> None:
        """It is asked first; then the organisation is not in the list any more."""
        ana, slug = lodge.person("user"), f"club-{uuid4().hex[:8]}"
        boss = {"email": newcomer(), "name": "Bento", "password": PASSWORD}
        with lodge.admin as admin:
            made = admin.post("/api/v2/tenants", json={"slug": slug, "name": slug.title(), "admin": boss})
            assert made.status_code == 201, made.text
        login = {"email": boss["email"], "password": PASSWORD, "tenant": slug}
        token = httpx.post(f"{lodge.url}/auth/login", json=login, timeout=30).json()["access_token"]
        with lodge.client({"Authorization": f"Bearer {token}"}) as theirs:
            made = theirs.post("/api/v2/invitations", json={"email": ana.email, "roles": ["user"]})
            assert made.status_code == 201, made.text
        link, _ = mailed(lodge, ana.email, "invitation")
        accepted = {"token": link.partition("#token=")[2], "name": "Ana", "password": PASSWORD}
        answer = httpx.post(f"{lodge.url}/api/v2/invitations/accept", json=accepted, timeout=30)
        assert answer.status_code == 200, answer.text
        with visit() as seen:
            seen.sign_in(ana, then="/console/organizations")
            row = seen.page.get_by_role("row", name=re.compile(slug))
            row.get_by_role("button", name=re.compile("Leave")).click()
            seen.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
            expect(seen.page.get_by_text(f"You have left {slug.title()}")).to_be_visible()
            expect(row).not_to_be_visible()
