"""What mails lead to: a confirmed address, a new password, a membership."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES, FOLLOWING, at, enter, fill, mailed, newcomer, send, sound
from tests.console.lodging import PASSWORD, Lodging


class TestByMail:
    @pytest.mark.parametrize("eyes", EYES)
    def test_registering_and_confirming(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """A new account is signed in at once; the mail's link, in the page's language, confirms its address."""
        email, portuguese = newcomer(), "language" in eyes
        with visit(**eyes) as seen:
            seen.go("/console/sign-in?next=/account")
            seen.page.get_by_role("link", name="Criar conta" if portuguese else "Register").click()
            expect(seen.page.locator("input[name=name]")).to_be_visible()
            sound(seen)
            fill(seen.page, name="Maria", email=email, password=PASSWORD)
            send(seen.page)
            at(seen.page, "/console/account")
            expect(seen.page.get_by_text("não confirmado" if portuguese else "not confirmed")).to_be_visible()
            sound(seen)
            link, mail = mailed(lodge, email, "verify")
            assert ("Confirme" in mail) is portuguese
            seen.page.goto(link)
            sound(seen)
            seen.page.get_by_role("button", name="Confirmar" if portuguese else "Confirm").click()
            expect(seen.page.get_by_role("status")).to_contain_text(email)
            seen.go("/console/account")
            badge = "confirmado" if portuguese else "confirmed"
            expect(seen.page.get_by_text(badge, exact=True)).to_be_visible()

    def test_an_address_that_is_taken_is_said_at_its_field(self, lodge: Lodging, visit: Visiting) -> None:
        """Registering twice with one address is refused there, in words."""
        ana = lodge.person()
        with visit() as seen:
            seen.allowed = {409}
            seen.go("/console/register")
            fill(seen.page, name="Ana", email=ana.email, password=PASSWORD)
            send(seen.page)
            expect(seen.page.get_by_text("This e-mail address has an account.")).to_be_visible()
            expect(seen.page.get_by_label("E-mail")).to_be_focused()

    @pytest.mark.parametrize("eyes", EYES)
    def test_a_forgotten_password(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """The mail's link sets a new password, once; the new one opens."""
        ana = lodge.person()
        with visit(**eyes) as seen:
            seen.allowed = {422}
            seen.go("/console/forgotten")
            sound(seen)
            fill(seen.page, email=ana.email)
            send(seen.page)
            expect(seen.page.get_by_role("status")).to_contain_text(ana.email)
            sound(seen)
            link, _ = mailed(lodge, ana.email, "reset")
            seen.page.goto(link)
            sound(seen)
            fill(seen.page, new_password=FOLLOWING)
            send(seen.page)
            expect(seen.page.get_by_role("status")).to_be_visible()
            seen.page.goto("about:blank")
            seen.page.goto(link)
            fill(seen.page, new_password=PASSWORD)
            send(seen.page)
            refused = "não vale mais" if "language" in eyes else "good no more"
            expect(seen.page.get_by_role("alert")).to_contain_text(refused)
            seen.go("/console/sign-in")
            enter(seen.page, ana.email, FOLLOWING)
            at(seen.page, "/console")

    @pytest.mark.parametrize("page", ["reset", "verify", "invitation"])
    def test_a_link_that_was_cut_is_said(self, visit: Visiting, page: str) -> None:
        """Without its token the page says what to do, and sends the server nothing."""
        with visit() as seen:
            told: list[str] = []
            seen.page.on("request", lambda request: told.append(request.url) if request.method == "POST" else None)
            seen.go(f"/console/account/{page}")
            expect(seen.page.get_by_role("alert")).to_contain_text("Open it from the mail once more")
            sound(seen)
            assert told == []

    @pytest.mark.parametrize("eyes", EYES)
    def test_an_invitation_makes_a_member(self, lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
        """Who has no account chooses a password, signs in with it, and has the role that the invitation named."""
        email = newcomer()
        with lodge.admin as admin:
            made = admin.post("/api/v2/invitations", json={"email": email, "roles": ["viewer"]})
            assert made.status_code == 201, made.text
        link, _ = mailed(lodge, email, "invitation")
        with visit(**eyes) as seen:
            seen.page.goto(link)
            expect(seen.page.get_by_text(email)).to_be_visible()
            sound(seen)
            fill(seen.page, name="Bento", password=PASSWORD)
            send(seen.page)
            seen.page.get_by_role("main").get_by_role("link").click()
            enter(seen.page, email)
            at(seen.page, "/console")
            seen.go("/console/account")
            expect(seen.page.get_by_text("viewer")).to_be_visible()

    def test_an_invitation_can_be_declined(self, lodge: Lodging, visit: Visiting) -> None:
        """Saying no is done with one button, and the organisation sees it."""
        email = newcomer()
        with lodge.admin as admin:
            made = admin.post("/api/v2/invitations", json={"email": email}).json()["data"]
            link, _ = mailed(lodge, email, "invitation")
            with visit() as seen:
                seen.page.goto(link)
                seen.page.get_by_role("button", name="Decline").click()
                expect(seen.page.get_by_role("status")).to_contain_text("You have declined")
            assert admin.get(f"/api/v2/invitations/{made['id']}").json()["data"]["state"] == "declined"
