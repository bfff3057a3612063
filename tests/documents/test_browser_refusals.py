"""What a person sees who runs into a refusal or a failure with a browser."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter

from esteio.base.errors import EsteioError, Forbidden, RateLimited, TimedOut, Unauthenticated, Unavailable
from esteio.http.gate.headers import API_CSP, PAGE_CSP
from esteio.http.page_words import ENGLISH, PORTUGUESE, tongue_of
from esteio.http.rules import rules
from esteio.manifest import Manifest
from tests.conftest import House
from tests.documents.markup_reading import Page
from tests.house import Served

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
HOSTILE = '<img src=x onerror="alert(1)">&amp;'
FAILURES: dict[int, EsteioError | Exception] = {
    401: Unauthenticated(HOSTILE),
    403: Forbidden(),
    429: RateLimited(HOSTILE, headers={"Retry-After": "7"}),
    500: RuntimeError(HOSTILE),
    503: Unavailable(HOSTILE, retry_after=3, operator="the cause, for the log only"),
    504: TimedOut(),
}

pages, data = APIRouter(), APIRouter()


@pages.get("/failing/{status}")
@data.get("/failing/{status}")
@rules(limits=())
async def failing(status: int) -> None:
    """Fails as it is told to."""
    raise FAILURES[status]


FAILING = Manifest(
    name="failing",
    routers={"": pages, "v2": data},
    public=frozenset({"GET /failing/{status}", "GET /api/v2/failing/{status}"}),
)


@pytest.fixture(scope="module")
def failing_house(house: House) -> Iterator[Served]:
    with house(services=(FAILING,)) as running:
        yield running


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_page(failing_house: Served, status: int) -> None:
    """A browser gets a page in words, with its own style sheet and the request's id; what is told is escaped."""
    answer = failing_house.anonymous.get(f"/failing/{status}", headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = Page(answer.text)
    assert "img" not in found.tags
    assert found.inline == []
    assert answer.headers["x-request-id"] in found.text
    assert (HOSTILE in found.text) is (status != 500), "an unforeseen failure tells nothing of its cause"
    assert "the cause" not in answer.text
    for target in found.files:
        assert failing_house.anonymous.get(target).status_code == 200


@pytest.mark.parametrize(("status", "seconds"), [(429, "7"), (503, "3")])
def test_when_to_return(failing_house: Served, status: int, seconds: str) -> None:
    """The page says when to try again, and so does the header."""
    answer = failing_house.anonymous.get(f"/failing/{status}", headers=BROWSER)
    assert answer.headers["retry-after"] == seconds
    assert f"in {seconds} seconds" in Page(answer.text).text


@pytest.mark.parametrize("path", ["/nothing-here", '/<img src=x onerror="alert(1)">'])
def test_unknown_address(failing_house: Served, path: str) -> None:
    """An address that does not exist is a page under the policy for pages, and does not repeat what was asked for."""
    answer = failing_house.anonymous.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == PAGE_CSP.decode()
    assert "img" not in Page(answer.text).tags


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_below_api(failing_house: Served, status: int) -> None:
    """Below `/api` even a browser gets the problem document, under the policy for data."""
    answer = failing_house.anonymous.get(f"/api/v2/failing/{status}", headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"] == API_CSP.decode()


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_programs(failing_house: Served, accept: str) -> None:
    """A program that does not ask for HTML gets the problem document outside `/api` too."""
    answer = failing_house.anonymous.get("/nothing-here", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("status", sorted(FAILURES))
def test_in_portuguese(failing_house: Served, status: int) -> None:
    """Who prefers Portuguese is told in Portuguese what happened and what to do; what the API says further, which is
    English, is marked as such and escaped."""
    headers = {**BROWSER, "Accept-Language": "fr, pt-BR;q=0.9, en;q=0.8"}
    answer = failing_house.anonymous.get(f"/failing/{status}", headers=headers)
    words = PORTUGUESE[status]
    assert answer.headers["content-language"] == "pt-BR"
    assert {"Accept", "Accept-Language"} <= {name.strip() for name in answer.headers["vary"].split(",")}
    found = Page(answer.text)
    assert '<html lang="pt-BR">' in answer.text
    assert all(text in found.text for text in (words.title, words.happened, words.advice))
    assert ('<p lang="en">&lt;img' in answer.text) is (status in (401, 429, 503))
    assert ("Tente de novo em" in found.text) is (status in (429, 503))


@pytest.mark.parametrize(
    ("status", "first"), [(401, "/console"), (403, "/console"), (404, "/"), (429, ""), (500, ""), (503, ""), (504, "")]
)
def test_the_way_out(failing_house: Served, status: int, first: str) -> None:
    """The first link is what helps: signing in, the start, or the same address again."""
    address = f"/failing/{status}" if status != 404 else "/nothing-here"
    page = failing_house.anonymous.get(address, headers=BROWSER).text
    assert f'<a class="main" href="{first}">' in page
    assert Page(page).links >= {first, "/"}


def test_where_nobody_can_sign_in(house: House) -> None:
    """Without the console no page leads to it."""
    with house(services=(FAILING,), HTTP__CONSOLE="false") as running:
        assert "/console" not in running.anonymous.get("/failing/401", headers=BROWSER).text


def test_every_page_has_words_in_both_languages() -> None:
    """What one language says of a status the other says too."""
    assert set(PORTUGUESE) == set(ENGLISH)
    assert all(words.title and words.happened and words.advice for words in PORTUGUESE.values())


@pytest.mark.parametrize(
    ("accepted", "tongue"),
    [
        ("", "en"),
        ("de", "en"),
        ("pt", "pt-BR"),
        ("en;q=0.5,pt;q=0.6", "pt-BR"),
        ("pt;q=nonsense,en;q=0.1", "en"),
        ("pt;q=0", "en"),
    ],
)
def test_language(accepted: str, tongue: str) -> None:
    """The one of ours that is preferred; English where none is."""
    assert tongue_of(accepted) == tongue
