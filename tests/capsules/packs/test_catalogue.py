"""Which pack a stack means, and which names a project gets."""

import keyword
import re
import subprocess
import sys
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.services.capsules.errors import StackConflict, UnknownTechnology
from esteio.services.capsules.packs.catalogue import choice_of, choose, known
from esteio.services.capsules.packs.names import package, reserved, slug
from esteio.services.capsules.packs.pack import packs
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.technology import named, technologies
from tests.capsules.packs.wishes import HOSTILE, plain

LONGEST_ENTRY = 50


@pytest.mark.parametrize(
    ("stack", "base", "addons"),
    [
        (["Python"], "python-cli", ""),
        (["python 3"], "python-cli", ""),
        (["Python", "CLI"], "python-cli", ""),
        (["click"], "python-cli", ""),
        (["Python", "Library"], "python-library", ""),
        (["Python", "PostgreSQL", "redis"], "python-cli", "postgresql redis"),
        (["FastAPI"], "python-fastapi", ""),
        (["Fast API", "python", "pytest", "Pydantic"], "python-fastapi", ""),
        (["uvicorn", "Postgres"], "python-fastapi", "postgresql"),
        (["flask", "pg", "Docker Compose"], "python-flask", "postgresql docker"),
        (["gunicorn"], "python-flask", ""),
        (["DJANGO 5.2", "github actions"], "python-django", "github-actions"),
        (["node.js"], "node-express", ""),
        (["NodeJS", "TypeScript"], "node-express", ""),
        (["Fastify", "node"], "node-fastify", ""),
        (["React", "Vite", "TypeScript", "docker"], "react-vite", "docker"),
        (["go"], "go-http", ""),
        (["Golang", "net/http", "PostgreSQL 16"], "go-http", "postgresql"),
    ],
)
def test_a_stack_means_one_pack(stack: list[str], base: str, addons: str) -> None:
    """Names as people write them, in any order and twice, choose the same pack and add-ons."""
    for ordered in (*permutations(stack), [*stack, stack[0]]):
        choice = choose(ordered)
        assert (choice.base, choice.addons) == (base, frozenset(addons.split()))
    assert set(choice.technologies) >= choice.addons
    assert choice.pack.startswith(f"{base} ") and len(choice.pack) <= 32


@pytest.mark.parametrize("stack", [["COBOL"], ["Python", "Rocket Engine", "Python"], [""], ["fastapi.exe"], ["+"]])
def test_an_unknown_technology_is_refused_with_those_that_are_known(stack: list[str]) -> None:
    """The refusal names the entry by its place and lists what may be said instead."""
    with pytest.raises(UnknownTechnology) as refused:
        choose(stack)
    (error,) = refused.value.errors
    at = 1 if len(stack) > 1 else 0
    assert (error.field, error.pointer) == (f"tech_stack.{at}", f"#/tech_stack/{at}")
    for title in ("FastAPI", "Node.js", "PostgreSQL", "GitHub Actions"):
        assert title in error.message
    assert (refused.value.status, refused.value.code) == (422, "UNKNOWN_TECHNOLOGY")


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        (["FastAPI", "Flask"], "For FastAPI service leave out Flask"),
        (["Python", "React"], "leave out React"),
        (["Go", "Library"], "do not go together"),
        (["Docker", "PostgreSQL"], "names no language or framework: add one of CLI, Django"),
        (["Library", "Redis"], "Python library does not take Redis"),
        (["React", "PostgreSQL"], "does not take PostgreSQL"),
        (["Python 2.7"], "Python 2.7 is not made here; there is 3.14"),
        (["PostgreSQL 9", "Go"], "there is 18"),
        (["Go", "PostgreSQL 16", "Postgres 17"], "in two versions"),
        (["Docker 27", "Go"], "one version only"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_way_out(stack: list[str], words: str) -> None:
    """The refusal is of `tech_stack` and says what to leave out or to add."""
    for ordered in permutations(stack):
        with pytest.raises(StackConflict, match=re.escape(words) if len(stack) == 1 else None) as refused:
            choose(ordered)
        assert refused.value.errors[0].field == "tech_stack"
    with pytest.raises(StackConflict, match=re.escape(words)):
        choose(stack)


@pytest.mark.parametrize(
    ("stack", "name", "version"),
    [
        (["Go", "PostgreSQL"], "postgresql", "18"),
        (["Go", "PostgreSQL 16"], "postgresql", "16"),
        (["Go", "postgres16.3"], "postgresql", "16"),
        (["Go", "postgres@17"], "postgresql", "17"),
        (["Python 3.12"], "python", "3.12"),
        (["python3"], "python", "3.14"),
        (["Python v3.12.4"], "python", "3.12"),
        (["Python 3.11+"], "python", "3.11"),
        (["Django 5"], "django", "5.2"),
        (["Python", "Redis 7.x"], "redis", "7"),
    ],
)
def test_a_version_is_honoured(stack: list[str], name: str, version: str) -> None:
    """The version behind a name is the one that the capsule has; without one it is the usual one."""
    assert dict(choose(stack).versions)[name] == version


def test_every_known_title_can_be_said() -> None:
    """What a refusal lists is understood when it is sent."""
    for title in known():
        found = named(title)
        assert found is not None and found[0].title == title and len(title) <= LONGEST_ENTRY


def test_packs_are_made_of_technologies_that_exist() -> None:
    """A pack names nothing that a stack could not name, and every technology is in some pack."""
    used = {name for pack in packs() for name in (*pack.technologies, *pack.addons)}
    assert used == technologies().keys()
    assert len({pack.rank for pack in packs()}) == len(packs())


@given(st.text(max_size=120))
def test_any_name_gives_a_slug(name: str) -> None:
    """Whatever a project is called, its slug and its package are names in every language, and nobody else's."""
    _demand_usable(slug(name))
    assert slug(name) == slug(name)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_give_a_slug(text: str) -> None:
    """The same for names that were made to do harm."""
    _demand_usable(slug(text))


@pytest.mark.parametrize("word", sorted(reserved() | set(keyword.kwlist)))
def test_no_project_gets_a_name_that_is_taken(word: str) -> None:
    """A project called as a module, a keyword, a device or a dependency is called a little differently."""
    for name in (word, word.upper(), word.replace("_", " "), f" {word} "):
        _demand_usable(slug(name))


def _demand_usable(found: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", found) and 2 <= len(found) <= 40, found
    identifier = package(found)
    assert identifier.isidentifier() and not keyword.iskeyword(identifier)
    assert identifier not in sys.stdlib_module_names
    assert not {found, identifier} & reserved()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Orders API", "orders-api"),
        ("Straße & Söhne", "strasse-and-sohne"),
        ("Órdenes", "ordenes"),
        ("2048", "project-2048"),
        ("日本 shop", "shop"),
        ("FastAPI", "fastapi-app"),
        ("json", "json-app"),
        ("class", "class-app"),
        ("x", "x-app"),
        ("a" * 100, "a" * 40),
    ],
)
def test_slugs_read_like_their_names(name: str, expected: str) -> None:
    """Accents go, words are joined by hyphens, names that are taken get `-app`."""
    assert slug(name) == expected


def test_names_without_latin_letters_differ() -> None:
    """Two projects in another script are not one."""
    assert slug("日本") != slug("中国")
    assert re.fullmatch("project-[0-9a-f]{8}", slug("日本"))


def test_no_project_is_called_what_it_depends_on() -> None:
    """Every distribution that a lock of ours names is taken."""
    for pack in packs():
        files = {file.path: file.content.decode() for file in generate(plain(choice_of(pack, pack.addons)))}
        lock = files.get("requirements-dev.lock", "")
        assert set(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE)) <= reserved()


def test_the_catalogue_is_read_without_the_renderer() -> None:
    """The process that answers requests imports what it needs to check a stack, and not Jinja2."""
    program = (
        "import sys; from esteio.services.capsules.packs import catalogue, rendering, wish;"
        "catalogue.choose(['Go']); sys.exit('jinja2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
