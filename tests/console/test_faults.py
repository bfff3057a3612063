"""What pages show while the server refuses, forgets or is away, and that they go on by themselves."""

import re
from contextlib import ExitStack

from playwright.sync_api import Response, expect

from tests.console.conftest import Visiting
from tests.console.entering import at, enter
from tests.console.lodging import Lodging
from tests.house import eventually

LONG = 60_000
PAGES = {
    "/console/": "/api/v2/metrics?",
    "/console/deliveries": "/api/v2/webhooks/deliveries?",
    "/console/mails": "/api/v2/development/mails",
    "/console/limits": "/api/v2/limits/usage",
}
"""Pages that follow what happens, each with what it asks for again."""


def test_a_session_that_ends_leads_back(lodge: Lodging, visit: Visiting) -> None:
    """Who is signed out elsewhere while a list is open is asked to sign in by its next request, and is back there."""
    ana = lodge.person()
    with visit() as seen:
        seen.allowed = {401}
        seen.sign_in(ana, then="/console/mails?search=nobody")
        expect(seen.page.get_by_role("heading", level=1)).to_have_text("Mails")
        assert ana.client.post("/auth/logout-all").status_code == 204
        expect(seen.page).to_have_url(re.compile(r"/console/sign-in\?next="))
        expect(seen.page.get_by_text("Your session has ended")).to_be_visible()
        enter(seen.page, ana.email)
        at(seen.page, "/console/mails?search=nobody")
        expect(seen.page.get_by_role("heading", level=1)).to_have_text("Mails")


def test_pages_come_back_with_the_server(lodge: Lodging, visit: Visiting) -> None:
    """Pages with and without a live channel say that the server is away, and read anew when it is back."""
    read: set[str] = set()

    def heard(path: str, answer: Response) -> None:
        if PAGES[path] in answer.url and answer.ok:
            read.add(path)

    with ExitStack() as doors:
        seen = {path: doors.enter_context(visit()) for path in PAGES}
        for path, one in seen.items():
            one.allowed |= {0, 502, 503}
            one.sign_in(then=path)
            one.page.wait_for_load_state("networkidle")
        with lodge.away():
            for path, one in seen.items():
                expect(one.page.get_by_test_id("connection-away")).to_be_visible()
                expect(one.page.get_by_role("heading", level=1)).to_be_visible()
                one.page.on("response", lambda answer, path=path: heard(path, answer))
        for path, one in seen.items():
            expect(one.page.get_by_test_id("connection-away")).to_have_count(0, timeout=LONG)
            if path not in read:
                one.page.wait_for_event("response", lambda _, path=path: path in read, timeout=LONG)
            expect(one.page.get_by_role("alert")).to_have_count(0)


def test_a_page_that_could_not_be_loaded_comes_by_itself(lodge: Lodging, visit: Visiting) -> None:
    """Who opens a page for the first time while nobody answers is told so, and sees it once somebody does."""
    with visit() as seen:
        seen.sign_in()
        seen.allowed.add(0)
        with lodge.away():
            seen.page.get_by_role("link", name="Roles").click()
            expect(seen.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        expect(seen.page.get_by_role("heading", level=1)).to_have_text("Roles", timeout=LONG)
        seen.complaints.clear()


def test_a_frame_that_cannot_be_loaded_says_so(visit: Visiting) -> None:
    """Where even the frame of the pages is missing, there are words in the page's language and a way on."""
    with visit(language="pt-BR", phone=True) as seen:
        seen.page.route("**/assets/Shell-*.js", lambda route: route.abort())
        seen.go("/console/sign-in")
        enter(seen.page, seen.lodging.email, seen.lodging.password)
        expect(seen.page.get_by_role("alert")).to_contain_text("Esta página encontrou um defeito")
        expect(seen.page.get_by_role("button", name="Recarregar a página")).to_be_visible()
        seen.axe()
        seen.complaints.clear()


def test_a_true_limit_is_waited_for(lodge: Lodging, visit: Visiting) -> None:
    """A list that the server's own limit refuses says in how many seconds, and shows itself when they are over."""
    person = lodge.person()

    def used_up() -> bool:
        answer = person.client.get("/api/v2/pets")
        return answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 5

    with visit() as ana:
        ana.allowed.add(429)
        ana.sign_in(person, then="/console/pets")
        expect(ana.page.get_by_test_id("live")).to_be_visible()
        with lodge.limited("default", "12/20s"):
            eventually(used_up)
            ana.page.get_by_label("Name contains").fill("nobody-has-this-name")
            expect(ana.page.get_by_role("alert")).to_contain_text(re.compile(r"Tries again in \d+ second"))
            expect(ana.page.get_by_text("Nothing fits these filters.")).to_be_visible()
            expect(ana.page.get_by_role("alert")).to_have_count(0)
