"""Pets as a page: found, registered, fed, changed; and what one person does, another sees."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging
from tests.console.visits import Visit

PETS = "/console/pets"
API = "/api/v2/pets"


def named() -> str:
    return f"Rex {uuid4().hex[:8]}"


def registered(lodge: Lodging, name: str, **members: Any) -> str:
    """A pet that somebody registered elsewhere; its id."""
    with lodge.admin as admin:
        made = admin.post(API, json={"name": name, "species": "dog", **members})
        assert made.status_code == 201, made.text
        found: str = made.json()["data"]["id"]
        return found


def changed(lodge: Lodging, pet: str, **members: Any) -> None:
    with lodge.admin as admin:
        answer = admin.patch(f"{API}/{pet}", json=members)
        assert answer.status_code == 200, answer.text


def rows(ana: Visit) -> Locator:
    return ana.page.get_by_role("table", name="Pets").locator("tbody").get_by_role("row")


def member(ana: Visit, name: str) -> Locator:
    """What the page says of the pet under this name."""
    about = ana.page.get_by_role("table", name="About the pet")
    return (
        about.get_by_role("row")
        .filter(has=ana.page.get_by_role("rowheader", name=name, exact=True))
        .get_by_role("cell")
    )


def find(ana: Visit, name: str) -> None:
    ana.page.get_by_label("Name contains").fill(name)
    expect(rows(ana)).to_have_count(1)
    expect(rows(ana)).to_contain_text(name)


def pressed(ana: Visit, menu: str, item: str) -> None:
    ana.page.get_by_role("button", name=menu).click()
    ana.page.get_by_role("menuitem", name=item, exact=True).click()


def lost(route: Route) -> None:
    """It is done, and the answer never comes."""
    route.fetch()
    route.abort()


def test_a_life(lodge: Lodging, visit: Visiting) -> None:
    """From sign-in on a pet is registered, found, edited, fed, made hungry, deleted, and brought back."""
    name = named()
    with visit() as ana:
        page = ana.page
        ana.allowed |= {404, 422}
        ana.sign_in()
        page.get_by_role("link", name="Pets", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Pets")
        page.get_by_role("button", name="Register a pet").click()
        form = page.get_by_role("dialog")
        form.get_by_label("Weight (kg)").fill("12.5")
        form.get_by_role("button", name="Register a pet").click()
        expect(form.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
        ana.axe()
        form.get_by_role("textbox", name="Name").fill(name)
        form.get_by_role("button", name="Register a pet").click()
        expect(form).to_be_hidden()
        find(ana, name)
        rows(ana).get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(member(ana, "Weight (kg)")).to_have_text("12.5")
        page.get_by_role("button", name="Edit").click()
        form.get_by_label("Breed").fill("Vira-lata")
        form.get_by_role("button", name="Save").click()
        expect(member(ana, "Breed")).to_have_text("Vira-lata")
        page.get_by_role("textbox", name="Food").fill("kibble")
        page.get_by_role("button", name="Feed", exact=True).click()
        expect(page.get_by_role("table", name="Feedings")).to_contain_text("kibble")
        expect(member(ana, "Status")).to_have_text("Fed")
        pressed(ana, "Change status", "Hungry")
        expect(member(ana, "Status")).to_have_text("Hungry")
        ana.axe()
        ana.shot("console-pet")
        page.get_by_role("button", name="Delete", exact=True).click()
        form.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_text("This pet is not here")).to_be_visible()
        ana.axe()
        page.get_by_role("button", name="Bring it back").click()
        expect(member(ana, "Status")).to_have_text("Hungry")


def test_a_lost_answer_does_nothing_twice(lodge: Lodging, visit: Visiting) -> None:
    """Pressed again after the answer was lost, a pet is registered and fed once; once answered, it can be fed again."""
    name = named()
    with visit() as ana:
        page = ana.page
        ana.allowed.add(0)
        ana.sign_in(then=PETS)
        page.get_by_role("button", name="Register a pet").click()
        form = page.get_by_role("dialog")
        form.get_by_role("textbox", name="Name").fill(name)
        page.route(f"**{API}", lambda route: lost(route), times=1)
        form.get_by_role("button", name="Register a pet").click()
        expect(form.get_by_role("alert")).to_be_visible()
        form.get_by_role("button", name="Register a pet").click()
        expect(form).to_be_hidden()
        find(ana, name)
        rows(ana).get_by_role("link").click()
        fed = page.get_by_role("table", name="Feedings").locator("tbody").get_by_role("row").filter(has_text="kibble")
        page.route(f"**{API}/*/feedings", lambda route: lost(route), times=1)
        page.get_by_role("textbox", name="Food").fill("kibble")
        page.get_by_role("button", name="Feed", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        for count in 1, 2:
            page.get_by_role("textbox", name="Food").fill("kibble")
            page.get_by_role("button", name="Feed", exact=True).click()
            expect(page.get_by_role("textbox", name="Food")).to_have_value("")
            expect(fed).to_have_count(count)


def test_what_no_field_can_say_is_said(lodge: Lodging, visit: Visiting) -> None:
    """A refusal about something that the form has no field for is shown above it."""
    body = """{"status": 422, "detail": "Refused.", "request_id": "r", "errors": [
        {"code": "INVALID", "message": "no", "field": "tags", "pointer": "/tags"}]}"""
    with visit() as ana:
        page = ana.page
        ana.allowed.add(422)
        ana.sign_in(then=f"{PETS}/{registered(lodge, named())}")
        refused = {"status": 422, "content_type": "application/problem+json", "body": body}
        page.route(f"**{API}/*/feedings", lambda route: route.fulfill(**refused), times=1)
        page.get_by_role("textbox", name="Food").fill("kibble")
        page.get_by_role("button", name="Feed", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Refused.")
        page.get_by_role("button", name="Edit").click()
        page.route(f"**{API}/*", lambda route: route.fulfill(**refused), times=1)
        form = page.get_by_role("dialog")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("Refused.")


def test_what_one_does_another_sees(lodge: Lodging, visit: Visiting) -> None:
    """In two browsers of two people, list and page follow without a reload: new, fed, edited, deleted, brought back."""
    name = named()
    with visit() as ana, visit(phone=True) as bento:
        ana.allowed.add(404)
        bento.allowed.add(404)
        ana.sign_in(then=f"{PETS}?name={name}")
        bento.sign_in(lodge.person("user"), then=f"{PETS}?name={name}")
        for one in (ana, bento):
            expect(one.page.get_by_text("Nothing fits these filters.")).to_be_visible()
            expect(one.page.get_by_test_id("live")).to_be_visible()
        ana.page.get_by_role("button", name="Register a pet").click()
        ana.page.get_by_role("dialog").get_by_role("textbox", name="Name").fill(name)
        ana.page.get_by_role("dialog").get_by_role("button", name="Register a pet").click()
        expect(rows(bento)).to_contain_text(name)
        rows(bento).get_by_role("link").click()
        bento.page.get_by_role("textbox", name="Food").fill("carrot")
        bento.page.get_by_role("button", name="Feed", exact=True).click()
        expect(rows(ana)).to_contain_text("Fed")
        rows(ana).get_by_role("link").click()
        expect(ana.page.get_by_role("table", name="Feedings")).to_contain_text("carrot")
        pressed(ana, "Change status", "Lost")
        expect(member(bento, "Status")).to_have_text("Lost")
        ana.page.get_by_role("button", name="Delete", exact=True).click()
        ana.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
        expect(bento.page.get_by_text("This pet is not here")).to_be_visible()
        expect(bento.page.get_by_role("button", name="Bring it back")).to_have_count(0)
        ana.page.get_by_role("button", name="Bring it back").click()
        expect(member(ana, "Status")).to_have_text("Lost")
        bento.page.get_by_role("link", name="All pets").click()
        find(bento, name)
        expect(rows(bento)).to_contain_text("Lost")


def test_nobodys_change_is_lost(lodge: Lodging, visit: Visiting) -> None:
    """Who edits what somebody else has changed meanwhile is told so, and sees it before trying again."""
    name = named()
    pet = registered(lodge, name)
    with visit() as ana:
        ana.allowed.add(412)
        ana.sign_in(then=f"{PETS}/{pet}")
        form = ana.page.get_by_role("dialog")
        ana.page.get_by_role("button", name="Edit").click()
        form.get_by_label("Breed").fill("Poodle")
        changed(lodge, pet, owner="Somebody else")
        # Seen on the page behind the form, which must not take it for what its editor has read.
        expect(ana.page.get_by_text("Somebody else", exact=True)).to_be_visible()
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("not what is stored now")
        ana.axe()
        form.get_by_role("button", name="Load it again").click()
        expect(form).to_be_hidden()
        expect(member(ana, "Owner")).to_have_text("Somebody else")
        ana.page.get_by_role("button", name="Edit").click()
        form.get_by_label("Breed").fill("Poodle")
        form.get_by_role("button", name="Save").click()
        expect(member(ana, "Breed")).to_have_text("Poodle")
        expect(member(ana, "Owner")).to_have_text("Somebody else")


def test_a_status_that_cannot_be(lodge: Lodging, visit: Visiting) -> None:
    """A change that the present status does not allow is refused in the words of the API."""
    pet = registered(lodge, named())
    with visit() as ana:
        ana.allowed.add(409)
        ana.sign_in(then=f"{PETS}/{pet}")
        pressed(ana, "Change status", "Deceased")
        expect(member(ana, "Status")).to_have_text("Deceased")
        pressed(ana, "Change status", "Active")
        expect(ana.page.get_by_role("alert").filter(has_text="That did not work")).to_contain_text("deceased")
        expect(member(ana, "Status")).to_have_text("Deceased")


def test_found_again(lodge: Lodging, visit: Visiting) -> None:
    """Filters, order and page stand in the address: a reload, and going back, show the same."""
    mark = uuid4().hex[:8]
    for number in range(22):
        registered(lodge, f"{mark} {number:02}", species="cat" if number < 21 else "bird")
    with visit() as ana:
        ana.sign_in(then=PETS)
        ana.page.get_by_label("Name contains").fill(mark)
        expect(ana.page.get_by_text("22 in all")).to_be_visible()
        ana.page.get_by_label("Species").select_option("Cat")
        expect(ana.page.get_by_text("21 in all")).to_be_visible()
        ana.page.get_by_label("Order").select_option("Name, A to Z")
        expect(rows(ana).first).to_contain_text(f"{mark} 00")
        ana.page.get_by_role("button", name="Page 2 of 2").click()
        expect(rows(ana)).to_have_count(1)
        expect(rows(ana)).to_contain_text(f"{mark} 20")
        ana.page.reload()
        expect(rows(ana)).to_contain_text(f"{mark} 20")
        expect(ana.page.get_by_label("Name contains")).to_have_value(mark)
        rows(ana).get_by_role("link").click()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(f"{mark} 20")
        ana.page.go_back()
        expect(rows(ana)).to_contain_text(f"{mark} 20")
        ana.axe()
        ana.shot("console-pets")


def test_pages_come_back_with_the_server(lodge: Lodging, visit: Visiting) -> None:
    """While the server is away the page says so and keeps what it shows; with it come what happened, and liveness."""
    name = named()
    pet = registered(lodge, name)
    with visit() as ana, visit() as bento:
        ana.allowed |= {0, 502, 503}
        bento.allowed |= {0, 502, 503}
        ana.sign_in(then=f"{PETS}/{pet}")
        bento.sign_in(then=f"{PETS}?name={name}")
        for one in (ana, bento):
            expect(one.page.get_by_test_id("live")).to_be_visible()
        with lodge.away():
            for one in (ana, bento):
                expect(one.page.get_by_test_id("connection-away")).to_be_visible()
            expect(member(ana, "Status")).to_have_text("Active")
        changed(lodge, pet, owner="Back again")
        expect(member(ana, "Owner")).to_have_text("Back again", timeout=60_000)
        expect(rows(bento)).to_contain_text("Back again", timeout=60_000)
        for one in (ana, bento):
            expect(one.page.get_by_test_id("connection-away")).to_have_count(0)
            expect(one.page.get_by_test_id("live")).to_be_visible()
        changed(lodge, pet, owner="And live")
        expect(member(ana, "Owner")).to_have_text("And live")
        expect(rows(bento)).to_contain_text("And live")


def test_an_export_leads_to_its_task(lodge: Lodging, visit: Visiting) -> None:
    """Whoever asks for a file is where it is being made."""
    pet = registered(lodge, named())
    with visit() as ana:
        ana.sign_in(then=f"{PETS}/{pet}")
        for _ in range(2):
            pressed(ana, "Export", "CSV")
            expect(ana.page).to_have_url(re.compile("/console/jobs/[0-9a-f-]{36}$"))
            ana.go(PETS)


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_in_portuguese(lodge: Lodging, visit: Visiting, dark: bool) -> None:
    """With a thumb, in Portuguese, light and dark: the list, the form and the page, and nothing keeps anybody out."""
    name = named()
    pet = registered(lodge, name, notes="Gosta de água")
    with visit(phone=True, language="pt-BR", dark=dark) as ana:
        ana.sign_in(then=f"{PETS}?name={name}")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Animais")
        expect(ana.page.get_by_role("table")).to_contain_text(name)
        ana.axe()
        ana.page.get_by_role("button", name="Registrar animal").click()
        expect(ana.page.get_by_role("dialog")).to_be_visible()
        ana.axe()
        ana.go(f"{PETS}/{pet}")
        expect(ana.page.get_by_text("Gosta de água")).to_be_visible()
        ana.axe()
        width = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert ana.page.evaluate(width)
        ana.shot(f"console-pet-phone{'-dark' if dark else ''}")


def test_too_many_requests(lodge: Lodging, visit: Visiting) -> None:
    """Who asks too often is told when to go on, and the page does so by itself."""
    name = named()
    registered(lodge, name)
    with visit() as ana:
        ana.allowed.add(429)
        ana.sign_in(then=PETS)
        expect(ana.page.get_by_test_id("live")).to_be_visible()
        refused = {"status": 429, "content_type": "application/problem+json", "headers": {"Retry-After": "2"}}
        body = '{"status": 429, "detail": "Too many.", "request_id": "r", "errors": [{"code": "RATE_LIMITED"}]}'
        ana.page.route(re.compile(r"/api/v2/pets\?.*name="), lambda route: route.fulfill(body=body, **refused), times=1)
        ana.page.get_by_label("Name contains").fill(name)
        expect(ana.page.get_by_role("alert")).to_contain_text("Tries again in")
        expect(rows(ana)).to_have_count(1)


def test_a_viewer_looks_only(lodge: Lodging, visit: Visiting) -> None:
    """Who may not change pets is offered none of it."""
    pet = registered(lodge, named())
    with visit() as bento:
        bento.sign_in(lodge.person("viewer"), then=f"{PETS}/{pet}")
        expect(member(bento, "Status")).to_have_text("Active")
        for name in ("Change status", "Edit", "Delete"):
            expect(bento.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
