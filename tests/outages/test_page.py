"""The page for the public: what stands in it without a script, in which language, and how it stays fresh."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import Request, Response

from esteio.base.clock import TurnableClock
from esteio.services.outages.page.front import Drawn, front
from esteio.services.outages.page.words import WORDS
from tests.conftest import House
from tests.documents.markup_reading import Page
from tests.house import Served
from tests.outages.stored import store_served

PAGE = "/outages"
NOW = datetime(2026, 5, 5, 15, tzinfo=UTC)
BODY = {"started_at": (NOW - timedelta(hours=7)).isoformat(), "conjunto": 1, "municipio": 1400100}


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house with 1 234 of 31 400 units out in Boa Vista, 12 in a município that nobody knows, none in Caroebe."""
    with house(clock=TurnableClock(NOW), LIMITS__ENABLED="false") as running:
        store_served(running, 1, 1400100, 31_400)
        store_served(running, 2, 1400233, 2_900)
        put(running, "A", {**BODY, "affected": 1000})
        put(running, "B", {**BODY, "affected": 234, "planned": True})
        put(running, "C", {**BODY, "municipio": 1400099, "affected": 12})
        yield running


def put(served: Served, name: str, body: dict[str, Any]) -> None:
    assert served.client.put(f"/api/v2/outages/{name}", json=body).is_success


def shown(served: Served, query: str = "", **headers: str) -> httpx.Response:
    answer = served.anonymous.get(PAGE + query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_everything_stands_there_without_a_script(served: Served) -> None:
    """The table is the data: who is out by município, most first, and for how long, with the moment in Brasília."""
    answer = shown(served)
    page = Page(answer.text)
    assert "1.246 de 34.312 unidades consumidoras sem energia" in page.text
    assert "Situação em 05/05/2026 12:00 (horário de Brasília)" in page.text
    for row in (
        '<th scope="row">Boa Vista</th><td>234</td><td>1.000</td><td>1.234</td><td>31.400</td><td>3,93%</td>',
        '<th scope="row">Município 1400099</th><td>0</td><td>12</td><td>12</td><td>12</td><td>100,00%</td>',
        '<th scope="row">Caroebe</th><td>0</td><td>0</td><td>0</td><td>2.900</td><td>0,00%</td>',
        '<th scope="row">6 a 12 horas</th><td>234</td><td>1.012</td><td>1.246</td>',
    ):
        assert row in answer.text
    names = ("Boa Vista", "Município 1400099", "Caroebe")
    assert sorted(names, key=lambda name: answer.text.index(f">{name}</th>")) == list(names)


def test_it_is_made_for_everyone(served: Served) -> None:
    """Captions and headers are marked as such; the bars, which only repeat the numbers, are hidden from readers."""
    text = shown(served).text
    assert text.count("<caption>") == 2
    assert text.count('<th scope="col">') == 10
    assert text.count("<svg") == text.count('aria-hidden="true" focusable="false"') == 3 + 7


def test_the_policy_has_nothing_to_forbid(served: Served) -> None:
    """No script and no style stands in the page; its files are its own, and kept by what they hold."""
    answer = shown(served)
    page = Page(answer.text)
    assert page.inline == []
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    assert all(address.startswith("/") for address in page.files | page.links)
    for address in page.files:
        linked = served.anonymous.get(address)
        assert (linked.status_code, linked.headers["x-content-type-options"]) == (200, "nosniff")
    style = next(address for address in page.files if "/outages.css" in address)
    assert "immutable" in served.anonymous.get(style).headers["cache-control"]
    plain = served.anonymous.get(style.partition("?")[0])
    assert plain.headers["cache-control"] == "no-cache"
    again = served.anonymous.get(style, headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304
    assert served.anonymous.get("/outages/assets/manifest.py").status_code == 404


@pytest.mark.parametrize(
    ("query", "accepted", "tag"),
    [
        ("", "", "pt-BR"),
        ("", "en-US,en;q=0.9", "en"),
        ("", "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("", "fr,en;q=0.5,pt;q=0.4", "en"),
        ("", "de", "pt-BR"),
        ("", "en;q=nonsense", "pt-BR"),
        ("?lang=en", "pt", "en"),
        ("?lang=pt", "en", "pt-BR"),
    ],
)
def test_both_languages(served: Served, query: str, accepted: str, tag: str) -> None:
    """What is asked for comes before what the browser prefers; Portuguese where neither says anything of ours."""
    answer = shown(served, query, **{"Accept-Language": accepted})
    assert answer.headers["content-language"] == tag
    assert f'<html lang="{tag}">' in answer.text
    expected = "1,246 of 34,312 consumer units" if tag == "en" else "1.246 de 34.312 unidades"
    assert expected in answer.text
    assert answer.headers["vary"] == "Accept-Language"


def test_a_language_that_it_does_not_have(served: Served) -> None:
    """422, as for any value outside a closed list."""
    assert served.anonymous.get(PAGE + "?lang=fr").status_code == 422


def test_nothing_on_file(house: House) -> None:
    """A house without outages and universe says so in words and zeros."""
    with house() as served:
        text = shown(served).text
        assert "0 de 0 unidades consumidoras sem energia" in text
        assert "Nenhum município cadastrado." in text


def test_below_a_path(house: House) -> None:
    """Behind a proxy that gives it a path, every address of the page begins with that."""
    with house(HTTP__PUBLIC_URL="https://example.org/energia") as served:
        page = Page(shown(served).text)
        assert all(address.startswith("/energia/") for address in page.files | page.links)
        assert not re.search(r"__[A-Z]+__", page.source)


def test_what_the_script_begins_with(served: Served) -> None:
    """The page brings the summary along as data, so that its script has asked nobody before it shows something; without
    a script it is loaded anew each minute, and says what it is."""
    text = shown(served).text
    if 'id="root"' not in text:
        pytest.skip("the page was not built")
    brought = json.loads(unescape(text.partition('name="esteio-outages" content="')[2].partition('"')[0]))
    asked = served.anonymous.get("/api/v2/outages/summary").json()["data"]
    assert {**brought, "as_of": None} == {**asked, "as_of": None}
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in text
    assert text.count("<title>") == 1 and "<title>Interrupções de energia em andamento</title>" in text


def test_where_nothing_was_built(served: Served) -> None:
    """A package without the built pages has the tables all the same, alone."""
    drawn = Drawn("<main>1 &lt; 2</main>", b"{}")
    request = Request({"type": "http", "method": "GET", "path": "/outages", "headers": []})
    page = bytes(front(Nothing(), request, drawn, WORDS["en"], prefix="/energia").body).decode()
    assert '<html lang="en">' in page and drawn.content in page and "<script" not in page
    assert '<meta http-equiv="refresh" content="60">' in page
    assert all(address.startswith("/energia/") for address in Page(page).files)


class Nothing:
    """Has none of the pages."""

    def built(self, entry: str) -> bool:
        return False

    def answer(self, request: Request, entry: str, **_: str) -> Response:
        raise NotImplementedError
