"""Every address that the pages have, as two people see it: whole, named, in their language, and keeping nobody out."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Response, expect

from tests.console.conftest import Visiting
from tests.console.entering import EYES
from tests.console.lodging import Lodging, lodging
from tests.console.test_webhooks import SECRET, made, notified, tried_out
from tests.console.visits import ROOT, Visit
from tests.house import nobody
from tests.upstream.receiver import receiving

SOURCES = ROOT / "console/src"
_ENTRY = re.compile(r"path: '([^']*)',\s*load: \(\) => import\([^)]*\)(?:,\s*(open): true)?")
_KEY = re.compile(r"[a-z]+(?:[_.:][a-z]+)+")

ENTRIES = {path: bool(free) for path, free in _ENTRY.findall((SOURCES / "console/pages.tsx").read_text("utf-8"))}
INSIDE = [path for path, free in ENTRIES.items() if not free] + ["limits?tab=policies", "limits?tab=plans"]
MAILED = [f"account/{page}#token=est_mail_nobodys" for page in ("reset", "verify", "invitation")]
OUTSIDE = [f"/console/{path}" for path in [*(path for path, free in ENTRIES.items() if free), *MAILED]]
OTHERS = ["/petstory", "/petstory/orders/:link", "/outages"]

_CONTENT = """() => {
  const waiting = document.querySelector('.mantine-Skeleton-root, .mantine-Loader-root, [aria-busy=true]')
  return !waiting && document.querySelector('h1')?.innerText.trim()
}"""
_REMEMBERED = "localStorage.setItem('esteio-session', 'cookie')"
_CUT = """() => [...document.querySelectorAll('td .mantine-Badge-label, th .mantine-Badge-label')]
  .filter(label => label.scrollWidth > label.clientWidth).map(label => label.textContent)"""
_LINES = "() => document.body.innerText.split('\\n').map(line => line.trim()).filter(line => line)"


@pytest.fixture(scope="module")
def lodge() -> Iterator[Lodging]:
    """A house that has one of each thing that has a page of its own."""
    with lodging(
        ESTEIO_UPSTREAM__ALLOWED_NETWORKS="127.0.0.0/8",
        ESTEIO_PETSTORY__MERCADOPAGO_URL=nobody(),
        ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN="TEST-of-these-pages",
        ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET=SECRET,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def things(lodge: Lodging) -> Iterator[dict[str, str]]:
    """What stands for the parameter of each address that has one."""
    person = lodge.person()

    def new(path: str, body: dict[str, Any]) -> str:
        answer = person.client.post(f"/api/v2/{path}", json=body)
        assert answer.is_success, answer.text
        found: str = answer.json()["data"]["id"]
        return found

    def first(path: str) -> str:
        found: str = lodge.admin.get(f"/api/v2/{path}").json()["data"][0]["id"]
        return found

    with receiving() as receiver:
        notified(lodge)
        endpoint = made(person, receiver)
        rows = b"name,species\nImported,dog\n"
        job = person.client.post("/api/v2/pets/import", content=rows, headers={"Content-Type": "text/csv"})
        yield {
            "keys/:id": new("keys", {"name": f"robot-{uuid4().hex[:8]}", "scopes": ["pets:write"]}),
            "clients/:id": new("oauth-clients", {"name": "robot", "scopes": ["pets:write"]}),
            "jobs/:id": job.json()["data"]["id"],
            "endpoints/:id": endpoint,
            "deliveries/:id": tried_out(person, endpoint),
            "receipts/:id": first("webhooks/receipts"),
            "pets/:id": new("pets", {"name": "Rex", "species": "dog"}),
            "tenants/:id": first("tenants"),
            "/petstory/orders/:en": ordered(lodge, "en"),
            "/petstory/orders/:pt-BR": ordered(lodge, "pt-BR"),
        }


def ordered(lodge: Lodging, language: str) -> str:
    """The secret link of an order, whose pages speak the order's language."""
    body = {"email": "maria@example.org", "pet_name": "Rex", "language": language}
    made = httpx.post(f"{lodge.url}/api/v2/petstory/orders", json=body, timeout=30)
    assert made.status_code == 201, made.text
    link: str = made.json()["data"]["link"]
    return link


def address(path: str, things: dict[str, str]) -> str:
    """A parameter is filled with something that is there; one that nothing stands for is a fault of this test."""
    return re.sub(r":[\w-]+", lambda _: things[path], path)


def signed_in(ana: Visit) -> None:
    """As by the form: the session's cookie, and that this browser has one."""
    lodge = ana.lodging
    body = {"email": lodge.email, "password": lodge.password, "session": "cookie"}
    answer = ana.context.request.post(f"{lodge.url}/auth/login", data=body, headers={"Origin": lodge.url})
    assert answer.ok, answer.text()
    ana.context.add_init_script(_REMEMBERED)


@cache
def words(language: str) -> set[str]:
    """All that the pages can say in a language, save what has something to be filled in."""
    return {text for file in SOURCES.rglob(f"{language}.json") for text in _leaves(file) if "{{" not in text}


def _leaves(file: Path) -> Iterator[str]:
    waiting: list[Any] = [json.loads(file.read_text("utf-8"))]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        else:
            waiting.extend(one.values())


class Answered:
    """What the API has told a page: its own names look like those of untranslated words, and are none."""

    def __init__(self, ana: Visit) -> None:
        self._answers: list[Response] = []
        ana.page.on("response", self._heard)

    def _heard(self, answer: Response) -> None:
        if re.search("/(api|auth)/", answer.url) and answer.request.resource_type == "fetch":
            self._answers.append(answer)

    def text(self) -> str:
        return " ".join(one.text() for one in self._answers if one.ok and one.status != 204)


def untranslated(lines: list[str], told: str, language: str) -> list[str]:
    """Lines that are the name of a word instead of the word, or a sentence of the other language."""
    foreign = words("en") - words("pt-BR") if language == "pt-BR" else words("pt-BR") - words("en")
    keys = {line for line in lines if _KEY.fullmatch(line) and line not in told}
    return sorted(keys | {line for line in lines if line in foreign and " " in line})


def sound(ana: Visit, path: str, language: str) -> None:
    """The page at this address is whole."""
    answered = Answered(ana)
    ana.go(path)
    ana.page.wait_for_function(_CONTENT)
    if path.startswith("/console"):
        ana.page.wait_for_load_state("networkidle")
        ana.page.wait_for_function(_CONTENT)
    heading = ana.page.get_by_role("heading", level=1)
    expect(heading).to_have_count(1)
    title, named = ana.page.title(), heading.inner_text().strip()
    assert title.startswith(f"{named} · ") or not path.startswith("/console"), (title, named)
    assert len(title) > len("Esteio") and "undefined" not in title
    assert named not in (words("en") - words("pt-BR") if language == "pt-BR" else ())
    assert untranslated(ana.page.evaluate(_LINES), answered.text(), language) == []
    wide, room = ana.page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room
    assert ana.page.evaluate(_CUT) == []
    ana.axe()


def test_the_list_is_read() -> None:
    """The addresses are those of the console's own list: none of its lines is overlooked."""
    assert len(ENTRIES) == (SOURCES / "console/pages.tsx").read_text("utf-8").count("load: () => import(")


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("path", INSIDE)
def test_inside(path: str, eyes: dict[str, Any], things: dict[str, str], visit: Visiting) -> None:
    """For who is signed in, at a desk in English and on a phone in Portuguese in the dark."""
    with visit(**eyes) as ana:
        signed_in(ana)
        sound(ana, f"/console/{address(path, things)}", eyes.get("language", "en"))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("path", [*OUTSIDE, *OTHERS])
def test_outside(path: str, eyes: dict[str, Any], things: dict[str, str], visit: Visiting) -> None:
    """For who is not signed in: the console's door with the addresses that mails lead to, the shop, the outages."""
    with visit(**eyes) as ana:
        ana.allowed |= {401, 404, 410, 422} if "#" in path else set()
        language = eyes.get("language", "en")
        sound(ana, address(path.replace(":link", f":{language}"), things), language)
