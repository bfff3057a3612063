"""Every kind of error has a page that is true to it."""

import json
from pathlib import Path
from typing import Any

import pytest

import esteio.catalog
from esteio.app.documents.refusals import known_kinds, pages_folder
from esteio.base.errors import EsteioError
from tests.documents.markup_reading import Page
from tests.house import Served

SECTIONS = ("## When it happens", "## What the caller does", "## What the operator looks at", "## Example")


def own_kinds() -> dict[str, type[EsteioError]]:
    """The kinds of this package and its services, not those that tests define."""
    assert esteio.catalog.SHIPPED
    return {slug: kind for slug, kind in known_kinds().items() if kind.__module__.startswith("esteio.")}


def text_of(slug: str) -> str:
    return (pages_folder() / f"{slug}.md").read_text("utf-8")


def example(text: str) -> dict[str, Any]:
    """The body that a page shows. One of the OAuth endpoints has the form of RFC 6749."""
    found: dict[str, Any] = json.loads(text.partition("```json\n")[2].partition("\n```")[0])
    return found


def test_one_page_for_each() -> None:
    """The folder has a page for every code and none for a code that is no more."""
    assert sorted(path.name for path in pages_folder().iterdir()) == sorted(f"{slug}.md" for slug in own_kinds())


def test_in_the_repository() -> None:
    """A checkout serves the texts of `docs/errors`, not a copy."""
    assert pages_folder() == Path(__file__).parents[2] / "docs" / "errors"


@pytest.mark.parametrize("slug", sorted(own_kinds()))
def test_true_to_its_class(slug: str) -> None:
    """A page has the code, status and title of its class, all sections, and an example that such an error could be."""
    kind, text = own_kinds()[slug], text_of(slug)
    lines = text.splitlines()
    assert lines[0] == f"# {kind.code}"
    assert lines[2] == f"{kind.status} · {kind.title}"
    assert [line for line in lines if line.startswith("## ")] == list(SECTIONS)
    body = example(text)
    if hasattr(kind, "oauth"):
        assert (body["error"], body["error_description"]) == (kind.oauth, kind.words)
        assert body["error_uri"].endswith(f"/errors/{slug}")
        return
    assert (body["status"], body["title"], body["success"]) == (kind.status, kind.title, False)
    assert body["type"].endswith(f"/errors/{slug}")
    assert {item["code"] for item in body["errors"]} == {kind.code}


def test_examples_have_the_real_members(served: Served) -> None:
    """The examples have the members, in order, that a real error body has."""
    real = served.anonymous.get("/api/v2/nothing-here").json()
    foreign = served.anonymous.post("/oauth/token").json()
    for slug, kind in own_kinds().items():
        body = example(text_of(slug))
        if hasattr(kind, "oauth"):
            assert list(body) == list(foreign), slug
            continue
        assert list(body) == list(real), slug
        assert list(body["errors"][0]) == list(real["errors"][0]), slug


@pytest.mark.parametrize("slug", sorted(own_kinds()))
def test_served(served: Served, slug: str) -> None:
    """Each text is served as a page that is on the list, and what it links is there."""
    answer = served.anonymous.get(f"/errors/{slug}")
    assert answer.status_code == 200
    found = Page(answer.text)
    assert own_kinds()[slug].title in found.text
    assert f"/errors/{slug}" in Page(served.anonymous.get("/errors").text).links
    for target in found.links - {"#content"}:
        url = answer.url.join(target)
        assert served.anonymous.get(url).status_code == 200, target


def test_type_leads_there(served: Served) -> None:
    """The `type` of an error that was met is the address of its page."""
    met = served.anonymous.post("/api/v2/pets", json={})
    path = met.json()["type"].removeprefix("https://api.example.org")
    assert met.json()["title"] in served.anonymous.get(path).text


def test_kind_from_elsewhere(served: Served) -> None:
    """A kind that a product from elsewhere defines has a page made from its class."""

    class TeapotRefusal(EsteioError):
        code = "TEAPOT_REFUSAL"
        status = 418
        title = "It is a teapot & no <b>kettle</b>"
        words = "Nothing is brewed here."

    answer = served.anonymous.get("/errors/teapot-refusal")
    assert TeapotRefusal.title in Page(answer.text).text
    assert "<b>" not in answer.text
