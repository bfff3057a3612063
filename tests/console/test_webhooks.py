"""Webhooks as pages: an endpoint from its making to its end, what was sent to it, and what others have sent."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect
from standardwebhooks.webhooks import Webhook

from tests.console.conftest import Visiting
from tests.console.entering import EYES, words
from tests.console.lodging import Lodging, Person, lodging
from tests.console.visits import Visit
from tests.house import eventually, nobody
from tests.upstream.receiver import Receiver, receiving

ENDPOINTS, DELIVERIES, RECEIPTS = "/console/endpoints", "/console/deliveries", "/console/receipts"
API = "/api/v2/webhooks"
SECRET = "secret-of-these-pages"


@pytest.fixture(scope="module")
def lodge() -> Iterator[Lodging]:
    """A house that may send to receivers on this machine, and whose secret of Mercado Pago is known here."""
    with lodging(
        ESTEIO_UPSTREAM__ALLOWED_NETWORKS="127.0.0.0/8",
        ESTEIO_PETSTORY__MERCADOPAGO_URL=nobody(),
        ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN="TEST-of-these-pages",
        ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET=SECRET,
    ) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on loopback that is sent webhooks."""
    with receiving() as running:
        yield running


def made(person: Person, receiver: Receiver, path: str = "/ok", *events: str) -> str:
    """An endpoint that somebody made elsewhere; its id."""
    body = {"url": receiver.url(path), "events": [*events] or ["webhook.test"]}
    answer = person.client.post(f"{API}/endpoints", json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["data"]["id"]
    return found


def tried_out(person: Person, endpoint: str) -> str:
    """A test delivery to the endpoint; its id."""
    answer = person.client.post(f"{API}/endpoints/{endpoint}/test")
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["data"]["id"]
    return found


def delivery_of(person: Person, delivery: str) -> dict[str, Any]:
    found: dict[str, Any] = person.client.get(f"{API}/deliveries/{delivery}").json()["data"]
    return found


def notified(lodge: Lodging) -> str:
    """The number of a payment about which Mercado Pago has sent a webhook."""
    payment, request, ts = str(uuid4().int)[:12], str(uuid4()), str(int(time.time() * 1000))
    manifest = f"id:{payment};request-id:{request};ts:{ts};"
    signature = hmac.new(SECRET.encode(), manifest.encode(), hashlib.sha256).hexdigest()
    headers = {"x-request-id": request, "x-signature": f"ts={ts},v1={signature}"}
    body = {"type": "payment", "action": "payment.updated", "data": {"id": payment}}
    with lodge.client(headers) as client:
        asked = {"data.id": payment, "type": "payment"}
        answer = client.post("/api/v2/petstory/webhooks/mercadopago", params=asked, json=body)
    assert answer.status_code == 200, answer.text
    return payment


def expect_state(ana: Visit, name: str) -> None:
    expect(ana.page.get_by_test_id("state").first).to_have_attribute("data-state", name, timeout=60_000)


def pressed(ana: Visit, name: str) -> None:
    ana.page.get_by_role("button", name=name, exact=True).click()


def dialog(ana: Visit) -> Locator:
    return ana.page.get_by_role("dialog")


class TestEndpoints:
    @pytest.mark.parametrize("eyes", EYES)
    def test_one_is_made_and_tried_out(
        self, lodge: Lodging, visit: Visiting, receiver: Receiver, eyes: dict[str, Any]
    ) -> None:
        """Who makes an endpoint is shown its secret once, and the test arrives at the receiver, signed with it."""
        said, phone = words("webhooks", eyes), "-phone" if eyes else ""
        with visit(**eyes) as ana:
            ana.sign_in(lodge.person(), ENDPOINTS)
            pressed(ana, said("new"))
            pressed(ana, said("make"))
            expect(ana.page.get_by_text(said("url_wrong"))).to_be_visible()
            ana.axe()
            ana.page.get_by_label(said("url")).fill(receiver.url("/ok/made"))
            dialog(ana).get_by_role("combobox", name=said("events")).click()
            ana.page.get_by_role("option", name="pet.fed").click()
            ana.page.keyboard.press("Escape")
            pressed(ana, said("make"))
            secret = ana.page.get_by_test_id("copied-text").inner_text()
            ana.axe()
            ana.shot(f"endpoint-secret{phone}")
            pressed(ana, words("", eyes)("once.done"))
            expect_state(ana, "enabled")
            expect(ana.page.get_by_text(secret)).to_have_count(0)
            expect(ana.page.get_by_text("*, pet.fed")).to_be_visible()
            ana.axe()
            ana.shot(f"endpoint{phone}")
            pressed(ana, said("test"))
            expect_state(ana, "delivered")
            expect(ana.page.get_by_test_id("attempt")).to_contain_text(said("answered", status=200))
            expect(ana.page.get_by_text("so be it")).to_be_visible()
            ana.axe()
            ana.shot(f"delivery{phone}")
        [request] = receiver.to("/ok/made")
        assert Webhook(secret).verify(request.body, dict(request.headers))["type"] == "webhook.test"

    def test_a_private_address_is_refused_at_its_field(self, lodge: Lodging, visit: Visiting) -> None:
        """What the API refuses is said at the field that it is about."""
        with visit() as ana:
            ana.allowed.add(422)
            ana.sign_in(lodge.person(), ENDPOINTS)
            pressed(ana, "New endpoint")
            ana.page.get_by_label("URL").fill("http://10.0.0.1/hook")
            pressed(ana, "Make the endpoint")
            expect(ana.page.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
            ana.axe()

    def test_changed_disabled_and_deleted(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """It is edited, disabled, enabled again, and deleted; before it ends, for a while or for good, one is asked."""
        person = lodge.person()
        endpoint = made(person, receiver)
        with visit(dark=True) as ana:
            ana.sign_in(person, f"{ENDPOINTS}/{endpoint}")
            pressed(ana, "Edit")
            dialog(ana).get_by_label("Description").fill("For the stock")
            pressed(ana, "Save")
            expect(dialog(ana)).to_have_count(0)
            expect(ana.page.get_by_text("For the stock")).to_be_visible()
            pressed(ana, "Disable")
            ana.axe()
            dialog(ana).get_by_role("button", name="Disable").click()
            expect_state(ana, "disabled")
            expect(ana.page.get_by_test_id("warning")).to_contain_text("Somebody has disabled it")
            expect(ana.page.get_by_role("button", name="Send a test")).to_be_disabled()
            ana.axe()
            ana.page.get_by_test_id("warning").get_by_role("button", name="Enable").click()
            expect_state(ana, "enabled")
            pressed(ana, "Delete")
            dialog(ana).get_by_role("button", name="Delete").click()
            expect(ana.page).to_have_url(re.compile("/console/endpoints$"))
        assert person.client.get(f"{API}/endpoints/{endpoint}").status_code == 404

    def test_a_secret_is_rotated(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """The new secret is shown, and what is sent afterwards is signed with it and, for the overlap, with the old."""
        person = lodge.person()
        endpoint = made(person, receiver, "/ok/rotated")
        with visit() as ana:
            ana.sign_in(person, f"{ENDPOINTS}/{endpoint}")
            pressed(ana, "Rotate the secret")
            ana.page.get_by_label("Overlap").select_option("3600")
            ana.axe()
            pressed(ana, "Make a new secret")
            secret = ana.page.get_by_test_id("copied-text").inner_text()
        tried_out(person, endpoint)
        [request] = eventually(lambda: receiver.to("/ok/rotated"))
        assert Webhook(secret).verify(request.body, dict(request.headers))
        assert len(request.headers["webhook-signature"].split(" ")) == 2

    def test_a_slip_loses_no_secret(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """A secret, new or rotated, stays until somebody says that they have it: neither Escape nor a click beside."""
        with visit() as ana:
            ana.sign_in(lodge.person(), ENDPOINTS)
            pressed(ana, "New endpoint")
            ana.page.get_by_label("URL").fill(receiver.url("/ok/kept"))
            for act in "Make the endpoint", "Make a new secret":
                pressed(ana, act)
                shown = dialog(ana).get_by_test_id("copied-text")
                expect(shown).to_be_visible()
                ana.page.keyboard.press("Escape")
                ana.page.mouse.click(5, 400)
                expect(shown).to_have_text(re.compile("^whsec_"))
                pressed(ana, "I have copied it")
                expect(shown).to_have_count(0)
                expect_state(ana, "enabled")
                pressed(ana, "Rotate the secret")

    def test_a_lost_answer_makes_no_second_one(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """Pressed again after the answer was lost, it is the same endpoint, with the secret that it got at first."""
        person = lodge.person()
        with visit() as ana:
            ana.allowed.add(0)
            ana.sign_in(person, ENDPOINTS)
            pressed(ana, "New endpoint")
            ana.page.get_by_label("URL").fill(receiver.url("/ok/once"))
            ana.page.route(f"**{API}/endpoints", lambda route: (route.fetch(), route.abort()), times=1)
            pressed(ana, "Make the endpoint")
            expect(dialog(ana).get_by_role("alert")).to_be_visible()
            pressed(ana, "Make the endpoint")
            secret = ana.page.get_by_test_id("copied-text").inner_text()
        endpoints = person.client.get(f"{API}/endpoints").json()["data"]
        [endpoint] = [one for one in endpoints if one["url"] == receiver.url("/ok/once")]
        tried_out(person, endpoint["id"])
        [request] = eventually(lambda: receiver.to("/ok/once"))
        assert Webhook(secret).verify(request.body, dict(request.headers))

    def test_one_that_is_gone_says_why_it_is_disabled(
        self, lodge: Lodging, visit: Visiting, receiver: Receiver
    ) -> None:
        """A receiver that answered 410 is disabled by itself: the list and the page show it with the reason."""
        person = lodge.person()
        endpoint = made(person, receiver, "/status/410")
        tried_out(person, endpoint)
        eventually(lambda: not person.client.get(f"{API}/endpoints/{endpoint}").json()["data"]["enabled"])
        with visit() as ana:
            ana.sign_in(person, f"{ENDPOINTS}?enabled=false")
            row = ana.page.get_by_role("row").filter(has=ana.page.locator(f"a[href$='{endpoint}']"))
            expect(row).to_contain_text("Disabled: the receiver is gone")
            ana.axe()
            row.get_by_role("link").click()
            expect(ana.page.get_by_test_id("warning")).to_contain_text("answered 410")
            ana.axe()
            ana.shot("endpoint-disabled")

    def test_who_may_not_look_is_told_so(self, lodge: Lodging, visit: Visiting) -> None:
        """Without the permission the page names it."""
        with visit() as ana:
            ana.sign_in(lodge.person("user"), ENDPOINTS)
            expect(ana.page.get_by_text("webhooks:read")).to_be_visible()
            expect(ana.page.get_by_role("button", name="New endpoint")).to_have_count(0)


class TestDeliveries:
    def test_a_failure_is_shown_with_its_attempts_and_replayed(
        self, lodge: Lodging, visit: Visiting, receiver: Receiver
    ) -> None:
        """A failed attempt shows what was sent and what came back; sent once more it arrives, under the same id."""
        person = lodge.person()
        receiver.statuses = [500, 410]
        endpoint = made(person, receiver, "/ok/mended")
        delivery = tried_out(person, endpoint)
        with visit() as ana:
            ana.sign_in(person, f"{DELIVERIES}/{delivery}")
            attempts = ana.page.get_by_test_id("attempt")
            expect(attempts.first).to_contain_text(re.compile("answered (500|410)"))
            expect_state(ana, "failed")
            expect(attempts).to_have_count(2)
            expect(attempts.first).to_contain_text("answered 410")
            expect(attempts.last).to_contain_text("answered 500")
            attempts.last.get_by_role("button").click()
            sent = delivery_of(person, delivery)["log"][0]["headers"]
            expect(attempts.last).to_contain_text(f"webhook-timestamp: {sent['webhook-timestamp']}")
            assert sent["webhook-id"] == receiver.requests[0].headers["webhook-id"]
            ana.axe()
            ana.go(f"{ENDPOINTS}/{endpoint}")
            ana.page.get_by_test_id("warning").get_by_role("button", name="Enable").click()
            expect_state(ana, "enabled")
            ana.go(f"{DELIVERIES}/{delivery}")
            pressed(ana, "Send it once more")
            expect_state(ana, "delivered")
            expect(attempts).to_have_count(3)
            expect(attempts.first).to_contain_text("answered 200")
            ana.axe()
        assert len({request.headers["webhook-id"] for request in receiver.to("/ok/mended")}) == 1

    def test_the_list_follows_and_is_filtered(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """What is sent while somebody looks appears by itself; filters leave what they say."""
        person = lodge.person()
        endpoint = made(person, receiver, "/ok/listed", "pet.created")
        with visit() as ana:
            ana.sign_in(person, f"{DELIVERIES}?endpoint={endpoint}")
            expect(ana.page.get_by_text("Nothing fits these filters.")).to_be_visible()
            person.client.post("/api/v2/pets", json={"name": "Told", "species": "dog"})
            rows = ana.page.get_by_role("table").locator("tbody").get_by_role("row")
            expect(rows).to_have_count(1)
            expect(rows.get_by_test_id("state")).to_have_attribute("data-state", "delivered")
            ana.axe()
            ana.shot("deliveries")
            ana.page.get_by_label("State").select_option("failed")
            expect(rows).to_have_count(0)
            ana.page.get_by_label("State").select_option("")
            ana.page.get_by_label("Event").select_option("pet.fed")
            expect(ana.page.get_by_text("Nothing fits these filters.")).to_be_visible()

    def test_a_span_is_replayed(self, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """What was sent in a span of time is sent once more, as a job that leads to its end."""
        person = lodge.person()
        endpoint = made(person, receiver, "/ok/span")
        tried_out(person, endpoint)
        eventually(lambda: receiver.to("/ok/span"))
        with visit(phone=True, language="pt-BR") as ana:
            ana.sign_in(person, f"{ENDPOINTS}/{endpoint}")
            pressed(ana, "Reenviar um período")
            ana.page.get_by_label("Todas que terminaram").check()
            ana.axe()
            pressed(ana, "Iniciar o reenvio")
            expect_state(ana, "succeeded")
            expect(ana.page.get_by_role("heading", level=1, name="Reenvio de webhooks")).to_be_visible()
            assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        eventually(lambda: len(receiver.to("/ok/span")) == 2)

    @pytest.mark.parametrize("path", [ENDPOINTS, DELIVERIES, RECEIPTS])
    def test_on_a_phone_in_the_dark(self, path: str, lodge: Lodging, visit: Visiting, receiver: Receiver) -> None:
        """Each list is whole on a phone, in Portuguese and in the dark, and no wider than the screen."""
        person = lodge.person()
        tried_out(person, made(person, receiver))
        with visit(phone=True, language="pt-BR", dark=True) as ana:
            ana.sign_in(person, path)
            expect(ana.page.get_by_role("heading", level=1)).to_be_visible()
            ana.page.wait_for_load_state("networkidle")
            ana.axe()
            assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


class TestReceipts:
    def test_what_came_is_shown_and_worked_off_again(self, lodge: Lodging, visit: Visiting) -> None:
        """A webhook of another party is listed, shown word for word, and worked off once more after a question."""
        person, payment = lodge.person(), notified(lodge)
        with visit() as ana:
            ana.sign_in(person, RECEIPTS)
            ana.page.get_by_role("link", name=re.compile(payment)).first.click()
            expect(ana.page.get_by_text("x-request-id:")).to_be_visible()
            expect(ana.page.get_by_role("group", name="Body")).to_contain_text(payment)
            ana.axe()
            ana.shot("receipt")
            pressed(ana, "Work it off again")
            ana.axe()
            dialog(ana).get_by_role("button", name="Work it off again").click()
            expect(ana.page.get_by_text("It is worked off once more.")).to_be_visible()
        told = person.client.get("/api/v2/audit", params={"action": "webhook.receipt_replayed"}).json()["data"]
        assert len(told) == 1
