"""Coming in, staying in and leaving, as people do it: by password and at another issuer."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES, at, enter, fill, send, sound
from tests.console.lodging import Lodging
from tests.console.visits import Visit
from tests.house import eventually

NOTICED = 6
"""Seconds of waiting that a test sees on a busy machine."""
WORDS: dict[str, dict[str, str]] = {
    "en": {"sign_in": "Sign in", "email": "E-mail", "password": "Password *", "wrong": "or the password is wrong"},
    "pt-BR": {"sign_in": "Entrar", "email": "E-mail", "password": "Senha *", "wrong": "ou a senha está errado"},
}


class TestByPassword:
    @pytest.mark.parametrize("eyes", EYES)
    def test_who_was_going_somewhere_arrives_there(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """A page asked for without a session leads to the sign-in page, and from there back to that page."""
        ana = lodge.person()
        words = WORDS[eyes.get("language", "en")]
        with visit(**eyes) as seen:
            seen.go("/console/organizations?view=all")
            expect(seen.page.get_by_role("heading", level=1, name=words["sign_in"])).to_be_visible()
            sound(seen)
            seen.page.get_by_label(words["email"]).fill(ana.email)
            seen.page.get_by_label(words["password"]).fill(ana.password)
            seen.page.keyboard.press("Enter")
            at(seen.page, "/console/organizations?view=all")
            sound(seen)

    def test_nothing_that_lasts_is_within_a_scripts_reach(self, lodge: Lodging, visit: Visiting) -> None:
        """Neither token is where a script could take it along later, and a reload is still signed in."""
        with visit() as seen:
            seen.sign_in(lodge.person())
            kept = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
            assert not re.search(r"est_refresh_|eyJ", seen.page.evaluate(kept))
            [cookie] = [one for one in seen.context.cookies() if one.get("name") == "esteio_session"]
            assert cookie.get("httpOnly") is True
            assert cookie.get("sameSite") == "Strict"
            seen.page.reload()
            expect(seen.page.get_by_role("button", name="Sign out")).to_be_visible()

    @pytest.mark.parametrize("eyes", EYES)
    def test_a_wrong_password_is_said_in_words(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """It is announced in the reader's language, and what was written stays."""
        ana, words = lodge.person(), WORDS[eyes.get("language", "en")]
        with visit(**eyes) as seen:
            seen.allowed = {401}
            seen.go("/console/sign-in")
            enter(seen.page, ana.email, "wrong wrong wrong")
            expect(seen.page.get_by_role("alert")).to_contain_text(words["wrong"])
            expect(seen.page.locator("input[name=email]")).to_have_value(ana.email)
            sound(seen)

    def test_what_is_missing_is_said_at_its_field(self, lodge: Lodging, visit: Visiting) -> None:
        """A form that cannot be right is not sent; the first field that is wrong has the focus and says why."""
        with visit() as seen:
            seen.go("/console/sign-in")
            asked: list[str] = []
            seen.page.on("request", lambda request: asked.append(request.url))
            send(seen.page)
            field = seen.page.get_by_label("E-mail")
            expect(field).to_be_focused()
            expect(field).to_have_attribute("aria-invalid", "true")
            assert not [url for url in asked if "login" in url]
            sound(seen)

    def test_too_many_tries_go_on_by_themselves(self, lodge: Lodging, visit: Visiting) -> None:
        """Who has to wait sees the seconds run, and is signed in after them without doing anything."""
        ana = lodge.person()
        wrong = {"email": ana.email, "password": "wrong wrong wrong"}

        def delayed() -> bool:
            answer = httpx.post(f"{lodge.url}/auth/login", json=wrong, timeout=30)
            return int(answer.headers.get("Retry-After", 0)) >= NOTICED

        with visit() as seen:
            seen.allowed = {429}
            seen.go("/console/sign-in")
            fill(seen.page, email=ana.email, password=ana.password)
            eventually(delayed, 60, every=0.2)
            send(seen.page)
            expect(seen.page.get_by_text(re.compile(r"Tries again in \d+ seconds?"))).to_be_visible()
            at(seen.page, "/console")

    def test_leaving_in_one_tab_is_leaving_in_all(self, lodge: Lodging, visit: Visiting) -> None:
        """Signing out ends the session at the server and in the other tabs of the browser."""
        with visit() as seen:
            seen.sign_in(lodge.person())
            other = seen.context.new_page()
            other.goto(f"{lodge.url}/console/account")
            expect(other.get_by_role("heading", level=1)).to_be_visible()
            seen.page.get_by_role("button", name="Sign out").click()
            at(seen.page, "/console/sign-in")
            expect(other).to_have_url(re.compile("/console/sign-in"))
            eventually(lambda: not [one for one in seen.context.cookies() if one.get("name") == "esteio_session"])


class TestStayingIn:
    def test_an_access_token_is_renewed_before_its_end(self, lodge: Lodging, visit: Visiting) -> None:
        """After its time the page asks for another by itself, and nobody notices."""
        with visit() as seen:
            seen.page.clock.install()
            seen.sign_in(lodge.person())
            with seen.page.expect_response("**/auth/refresh") as renewal:
                seen.page.clock.fast_forward("16:00")
                seen.page.get_by_role("link", name="My organisations").click()
            assert renewal.value.status == 200
            expect(seen.page.get_by_role("table").first).to_be_visible()

    def test_two_tabs_of_one_browser_both_stay(self, lodge: Lodging, visit: Visiting) -> None:
        """Tabs that are reloaded at the same time, more than once, do not end the session of each other."""
        with visit() as seen:
            seen.sign_in(lodge.person(), then="/console/account")
            tabs = [seen.page, *(seen.context.new_page() for _ in range(3))]
            for _ in range(3):
                for tab in tabs:
                    tab.goto(f"{lodge.url}/console/account", wait_until="commit")
            for tab in tabs:
                expect(tab.get_by_role("heading", level=1, name="My account")).to_be_visible()
                tab.reload()
                expect(tab.get_by_role("heading", level=1, name="My account")).to_be_visible()

    def test_a_session_that_was_ended_leads_back(self, lodge: Lodging, visit: Visiting) -> None:
        """Who is signed out elsewhere is told so at the next step, signs in, and is where they were going."""
        ana = lodge.person()
        with visit() as seen:
            seen.allowed = {401}
            seen.sign_in(ana, then="/console/account")
            expect(seen.page.get_by_role("heading", level=1, name="My account")).to_be_visible()
            assert ana.client.post("/auth/logout-all").status_code == 204
            seen.go("/console/organizations")
            expect(seen.page.get_by_text("Your session has ended")).to_be_visible()
            sound(seen)
            enter(seen.page, ana.email)
            at(seen.page, "/console/organizations")
            expect(seen.page.get_by_role("table")).to_be_visible()


AGED = """() => {
  const kept = JSON.parse(sessionStorage['esteio-issuer'])
  sessionStorage['esteio-issuer'] = JSON.stringify({...kept, until: 1})
}"""
"""Makes the token that a tab keeps as old as any becomes."""


def at_issuer(seen: Visit, who: str, *, path: str = "/console/organizations") -> None:
    """Go to the issuer by its button, and be somebody there."""
    seen.go(path)
    seen.page.get_by_role("button", name=re.compile("Stand-in")).click()
    seen.page.get_by_role("link", name=re.compile(who)).click()


class TestAtAnotherIssuer:
    @pytest.mark.parametrize("eyes", EYES)
    def test_signing_in_there_is_being_in_here(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """They act in their organisation, at the page they wanted; a reload and a new tab stay in."""
        with visit(**eyes) as seen:
            at_issuer(seen, "Maria Alves")
            at(seen.page, "/console/organizations")
            expect(seen.page.get_by_role("table")).to_contain_text("acme")
            sound(seen)
            seen.page.reload()
            expect(seen.page.get_by_role("table")).to_contain_text("acme")
            tab = seen.context.new_page()
            tab.goto(f"{lodge.url}/console/account")
            expect(tab.get_by_text("maria@example.org").last).to_be_visible()

    def test_leaving_forgets_its_token_in_all_tabs(self, lodge: Lodging, visit: Visiting) -> None:
        """After signing out nothing of the issuer's is kept, and no tab gives another its token any more."""
        with visit() as seen:
            at_issuer(seen, "Maria Alves")
            expect(seen.page.get_by_role("table")).to_be_visible()
            tab = seen.context.new_page()
            tab.goto(f"{lodge.url}/console/account")
            expect(tab.get_by_role("heading", level=1, name="My account")).to_be_visible()
            seen.page.get_by_role("button", name="Sign out").click()
            expect(tab).to_have_url(re.compile("/console/sign-in"))
            for page in (seen.page, tab):
                page.goto(f"{lodge.url}/console/account")
                expect(page).to_have_url(re.compile("/console/sign-in"))

    def test_who_is_refused_there_is_told_so(self, visit: Visiting) -> None:
        """The issuer's no is said in words, with a way back."""
        with visit() as seen:
            at_issuer(seen, "Nobody")
            expect(seen.page.get_by_role("alert")).to_contain_text("You were not let in there")
            sound(seen)
            seen.page.get_by_role("link", name="To the sign-in page").click()
            at(seen.page, "/console/sign-in")

    def test_a_token_that_has_run_out_leads_back(self, visit: Visiting) -> None:
        """The issuer is asked whether it knows still who this is; where it does not, the person says so and is back."""
        with visit() as seen:
            at_issuer(seen, "Noor Haddad")
            expect(seen.page.get_by_role("table")).to_contain_text("globex")
            seen.page.evaluate(AGED)
            with seen.page.expect_request(re.compile("prompt=none")):
                seen.page.reload()
            expect(seen.page.get_by_text("Your session has ended")).to_be_visible()
            seen.page.get_by_role("button", name=re.compile("Stand-in")).click()
            seen.page.get_by_role("link", name=re.compile("Noor Haddad")).click()
            at(seen.page, "/console/organizations")

    def test_its_people_change_nothing_that_it_keeps(self, visit: Visiting) -> None:
        """There is no form for a password or an address that is not kept here, and no organisation to switch to."""
        with visit() as seen:
            at_issuer(seen, "Ana Souza", path="/console/account")
            expect(seen.page.get_by_text("are kept by the issuer")).to_be_visible()
            assert seen.page.locator("input[type=password]").count() == 0
            sound(seen)
            seen.page.get_by_role("link", name="Change the organisation").click()
            expect(seen.page.get_by_text("The issuer's token says which")).to_be_visible()
