"""The inspector: what is said on a connection, as somebody at the page sees it."""

import re

from playwright.sync_api import Locator, expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging, Person
from tests.console.visits import Visit
from tests.house import eventually

REALTIME = "/console/realtime"


def registered(person: Person, name: str) -> str:
    """A pet that somebody registers elsewhere; its id."""
    made = person.client.post("/api/v2/pets", json={"name": name, "species": "cat"})
    assert made.status_code == 201, made.text
    found: str = made.json()["data"]["id"]
    return found


def listen(ana: Visit, channel: str) -> None:
    ana.page.get_by_role("combobox", name="Channel").fill(channel)
    ana.page.get_by_role("button", name="Listen", exact=True).click()


def said(ana: Visit) -> Locator:
    return ana.page.get_by_role("table", name="What is said").locator("tbody").get_by_role("row")


def expect_standing(ana: Visit, name: str) -> None:
    expect(ana.page.get_by_test_id("standing")).to_have_attribute("data-standing", name, timeout=60_000)


def enter(ana: Visit, person: Person, channel: str) -> None:
    ana.sign_in(person, REALTIME)
    expect_standing(ana, "open")
    listen(ana, channel)
    expect(ana.page.get_by_test_id("channel")).to_contain_text("0 facts")


def test_facts_come_as_they_become_true(lodge: Lodging, visit: Visiting) -> None:
    """Who listens to a channel sees each fact with its position, and all of it as JSON."""
    person = lodge.person()
    with visit() as ana:
        enter(ana, person, "pets")
        pet = registered(person, "Inspected")
        row = said(ana).filter(has_text="pet.created").first
        expect(row).to_contain_text(re.compile(r"[0-9a-f.]+:\d+"))
        ana.axe()
        ana.shot("realtime")
        row.get_by_role("button").click()
        shown = ana.page.get_by_role("dialog")
        expect(shown).to_contain_text(pet)
        expect(shown).to_contain_text('"name": "Inspected"')
        ana.axe()


def test_what_is_said_is_filtered_held_and_cleared(lodge: Lodging, visit: Visiting) -> None:
    """The list shows what is sought alone, waits while it is held without losing anything, and is cleared."""
    person = lodge.boss()
    with visit() as ana:
        enter(ana, person, "pets")
        registered(person, "Sought")
        registered(person, "Other")
        expect(said(ana).filter(has_text="pet.created")).to_have_count(2)
        ana.page.get_by_label("Contains").fill("sought")
        expect(said(ana)).to_have_count(1)
        ana.page.get_by_label("Contains").fill("")
        ana.page.get_by_label("Facts only").check()
        expect(said(ana)).to_have_count(2)
        ana.page.get_by_role("button", name="Pause").click()
        registered(person, "Held")
        held = ana.page.get_by_role("button", name="Go on (1 came)")
        expect(held).to_be_visible()
        expect(said(ana)).to_have_count(2)
        held.click()
        expect(said(ana)).to_have_count(3)
        ana.page.get_by_role("button", name="Clear the list").click()
        expect(said(ana)).to_have_count(0)


def test_pings_echoes_and_refusals(lodge: Lodging, visit: Visiting) -> None:
    """What is sent and what is answered stand in the list; a channel that may not be heard says so in words."""
    with visit() as ana:
        ana.sign_in(lodge.person(), REALTIME)
        expect_standing(ana, "open")
        ana.page.get_by_role("button", name="Send a ping").click()
        expect(said(ana).filter(has_text="pong")).to_have_count(1)
        ana.page.get_by_label("Echo").fill("hello out there")
        ana.page.get_by_role("button", name="Send", exact=True).click()
        expect(said(ana).filter(has_text="echo")).to_have_count(2)
        listen(ana, "not a channel")
        expect(ana.page.get_by_text("A name, or a name with the id")).to_be_visible()
        listen(ana, "nothing")
        expect(ana.page.get_by_test_id("channel")).to_contain_text("There is no such channel for this caller.")
        ana.axe()


def test_the_server_goes_away_and_comes_back(lodge: Lodging, visit: Visiting) -> None:
    """A lost connection is said with its code in words, comes back by itself and tells on what it listened to."""
    person = lodge.person()
    with visit() as ana:
        enter(ana, person, "pets")
        ana.allowed |= {0, 502, 503}
        with lodge.away():
            expect_standing(ana, "waiting")
            expect(ana.page.get_by_test_id("ended")).to_contain_text("1012")
            expect(ana.page.get_by_test_id("ended")).to_contain_text("the process is ending")
        expect_standing(ana, "open")
        expect(ana.page.get_by_text("Made anew")).to_be_visible()
        eventually(lambda: registered(person, "After"))
        expect(said(ana).filter(has_text="pet.created").first).to_be_visible()


def test_leaving_and_entering(lodge: Lodging, visit: Visiting) -> None:
    """A connection that one has left stays closed until one connects again, and then goes on listening."""
    person = lodge.boss()
    with visit(phone=True, language="pt-BR", dark=True) as ana:
        ana.sign_in(person, REALTIME)
        expect_standing(ana, "open")
        ana.page.get_by_role("combobox", name="Canal").fill("pets")
        ana.page.get_by_role("button", name="Escutar", exact=True).click()
        expect(ana.page.get_by_test_id("channel")).to_contain_text("0 fato")
        ana.page.get_by_role("button", name="Desconectar").click()
        expect_standing(ana, "closed")
        ana.axe()
        ana.page.get_by_role("button", name="Conectar", exact=True).click()
        expect_standing(ana, "open")
        registered(person, "De volta")
        expect(ana.page.get_by_test_id("channel")).to_contain_text("1 fato")
        ana.axe()
        assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
