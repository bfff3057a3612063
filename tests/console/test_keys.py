"""API keys and OAuth 2 clients as pages: made and shown once, changed, rotated, revoked, and how much they are used."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES, words
from tests.console.lodging import Lodging
from tests.console.visits import Visit
from tests.house import eventually

KEYS, CLIENTS = "/console/keys", "/console/clients"


def name() -> str:
    return f"robot-{uuid4().hex[:8]}"


def made_key(lodge: Lodging, **more: object) -> dict[str, str]:
    """A new key of the API's own making."""
    body = {"name": name(), "scopes": ["pets:write"], **more}
    made = lodge.admin.post("/api/v2/keys", json=body)
    assert made.status_code == 201, made.text
    data: dict[str, str] = made.json()["data"]
    return data


def status(lodge: Lodging, key: str) -> int:
    """What the API answers to whoever calls with the key."""
    return httpx.get(f"{lodge.url}/api/v2/auth/me", headers={"X-API-Key": key}, timeout=30).status_code


def dialog(ana: Visit, title: str | re.Pattern[str]) -> Locator:
    return ana.page.get_by_role("dialog", name=title)


def taken(ana: Visit, title: str | re.Pattern[str]) -> str:
    """The secret that is shown once, after which it is nowhere."""
    shown = dialog(ana, title)
    secret = shown.get_by_test_id("copied-text").inner_text()
    ana.axe()
    shown.get_by_role("button", name=re.compile("I have copied it|Já copiei")).click()
    expect(shown).to_have_count(0)
    expect(ana.page.get_by_text(secret)).to_have_count(0)
    return secret


@pytest.mark.parametrize("eyes", EYES)
def test_a_key_from_making_to_revoking(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """A key is made, shown once, opens; rotated, both open; revoked after a question, it is refused."""
    called, said = name(), words("keys", eyes)
    with visit(**eyes) as ana:
        ana.sign_in(then=KEYS)
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(said("title"))
        ana.page.get_by_role("button", name=said("new")).click()
        making = dialog(ana, said("new"))
        making.get_by_label(said("name")).fill(called)
        making.get_by_label("pets:write").check()
        ana.axe()
        making.get_by_role("button", name=said("make")).click()
        first = taken(ana, said("made", name=called))
        assert status(lodge, first) == 200

        ana.page.get_by_role("link", name=called).click()
        expect(ana.page.get_by_role("region", name=called)).to_be_visible()
        ana.axe()
        ana.page.get_by_role("button", name=said("rotate")).click()
        dialog(ana, said("rotate")).get_by_role("button", name=said("rotate")).click()
        second = taken(ana, said("rotated", name=called))
        assert [status(lodge, key) for key in (first, second)] == [200, 200]

        expect(ana.page.get_by_role("link", name=said("the_one_before"))).to_be_visible()
        ana.page.get_by_role("button", name=said("revoke")).click()
        dialog(ana, said("revoke")).get_by_role("button", name=said("revoke")).click()
        expect(ana.page).to_have_url(re.compile("/console/keys$"))
        eventually(lambda: status(lodge, second) == 401)
        ana.shot("keys-phone" if "phone" in eyes else "keys")


def test_a_slip_does_not_lose_a_new_key(lodge: Lodging, visit: Visiting) -> None:
    """What is shown once stays until somebody says that they have it: neither Escape nor a click beside it ends it."""
    called = name()
    with visit() as ana:
        ana.sign_in(then=KEYS)
        ana.page.get_by_role("button", name="New API key").click()
        making = dialog(ana, "New API key")
        making.get_by_label("Name").fill(called)
        making.get_by_role("button", name="Make it").click()
        shown = dialog(ana, f"The key {called}")
        expect(shown).to_be_visible()
        ana.page.keyboard.press("Escape")
        ana.page.mouse.click(5, 400)
        expect(shown.get_by_test_id("copied-text")).to_have_text(re.compile("^est_live_"))


def test_what_is_wrong_stands_at_its_field(lodge: Lodging, visit: Visiting) -> None:
    """A network that is none is said at its field, and what was typed stays."""
    with visit(phone=True, dark=True) as ana:
        ana.sign_in(then=KEYS)
        ana.page.get_by_role("button", name="New API key").click()
        making = dialog(ana, "New API key")
        making.get_by_label("Name").fill("x")
        making.get_by_label("Allowed networks").fill("nowhere")
        ana.allowed.add(422)
        making.get_by_role("button", name="Make it").click()
        field = making.get_by_label("Allowed networks")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(making.get_by_label("Name")).to_have_value("x")
        ana.axe()


def test_a_key_is_disabled_and_enabled_again(lodge: Lodging, visit: Visiting) -> None:
    """Disabled it is refused, enabled again it opens; other changes are kept with it."""
    key, called = made_key(lodge), name()
    with visit(language="pt-BR") as ana:
        ana.sign_in(then=f"{KEYS}/{key['id']}")
        for enabled, answer in ((False, 401), (True, 200)):
            form = ana.page.get_by_role("region", name=re.compile("robot-"))
            form.get_by_role("textbox", name="Nome").fill(called)
            form.get_by_role("switch", name="Ativada").set_checked(enabled)
            form.get_by_role("button", name="Salvar").click()
            expect(ana.page.get_by_role("region", name=called)).to_be_visible()
            eventually(lambda wanted=answer: status(lodge, key["key"]) == wanted)
        ana.axe()


def test_a_key_shows_its_use(lodge: Lodging, visit: Visiting) -> None:
    """What was called with the key is there in figures, as a chart with words, and as a table."""
    key = made_key(lodge)
    with lodge.client({"X-API-Key": key["key"]}) as caller:
        for _ in range(7):
            caller.get("/api/v2/pets")
    path = f"/api/v2/keys/{key['id']}/usage"
    eventually(lambda: lodge.admin.get(path).json()["data"]["totals"]["requests"] == 7)
    with visit() as ana:
        ana.sign_in(then=f"{KEYS}/{key['id']}?period=1h")
        use = ana.page.get_by_role("region", name="Use", exact=True)
        expect(use.get_by_role("definition").first).to_have_text("7")
        chart = use.get_by_role("img", name=re.compile("Requests: .* at most [1-7]"))
        expect(chart).to_be_visible()
        ana.axe()
        ana.shot("key")
        use.get_by_role("button", name="As a table: Requests").click()
        expect(use.get_by_role("row")).to_have_count(62)
        ana.axe()


def test_who_may_only_look(lodge: Lodging, visit: Visiting) -> None:
    """Without the permission to write there is no button that would be refused; without that to read it is said."""
    role = f"looker-{uuid4().hex[:6]}"
    made = lodge.admin.post("/api/v2/roles", json={"name": role, "permissions": ["keys:read"]})
    assert made.status_code == 201, made.text
    key = made_key(lodge)
    with visit() as ana:
        ana.sign_in(lodge.person(role), then=f"{KEYS}/{key['id']}")
        expect(ana.page.get_by_role("textbox", name="Name")).to_be_disabled()
        for act in ("Rotate", "Revoke", "Save"):
            expect(ana.page.get_by_role("button", name=act)).to_have_count(0)
    with visit() as ana:
        ana.sign_in(lodge.person("user"), then=KEYS)
        expect(ana.page.get_by_text("Your role does not allow this")).to_be_visible()


@pytest.mark.parametrize("eyes", EYES)
def test_a_client_from_making_to_revoking(lodge: Lodging, visit: Visiting, eyes: dict[str, Any]) -> None:
    """A client's secret is shown once and gets tokens; beside a second secret it stays valid; revoked, neither does."""
    called, said = name(), words("keys", eyes)
    with visit(**eyes) as ana:
        ana.sign_in(then=CLIENTS)
        ana.page.get_by_role("button", name=said("clients.new")).click()
        making = dialog(ana, said("clients.new"))
        making.get_by_label(said("name")).fill(called)
        making.get_by_label("pets:write").check()
        making.get_by_role("button", name=said("make")).click()
        first = taken(ana, said("clients.made", name=called))
        ana.page.get_by_role("link", name=called).click()
        identity = ana.page.get_by_role("region", name=called).get_by_test_id("copied-text").inner_text()
        ana.page.get_by_role("button", name=said("clients.rotate")).click()
        rotating = dialog(ana, said("clients.rotate"))
        rotating.get_by_role("button", name=said("clients.rotate")).click()
        second = taken(ana, said("clients.made", name=called))
        assert [tokens(lodge, identity, secret) for secret in (first, second)] == [200, 200]
        expect(ana.page.get_by_text(f"…{second[-4:]}")).to_be_visible()
        ana.axe()
        ana.page.get_by_role("button", name=said("revoke")).click()
        dialog(ana, said("revoke")).get_by_role("button", name=said("revoke")).click()
        expect(ana.page).to_have_url(re.compile("/console/clients$"))
        eventually(lambda: [tokens(lodge, identity, secret) for secret in (first, second)] == [401, 401])


def tokens(lodge: Lodging, identity: str, secret: str) -> int:
    """What the API answers to who asks for a token."""
    form = {"grant_type": "client_credentials"}
    return httpx.post(f"{lodge.url}/oauth/token", data=form, auth=(identity, secret), timeout=30).status_code
