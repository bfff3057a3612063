"""What every capsule is, whatever its stack: whole, parseable, the same each time, and never led by what was said."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from esteio.services.capsules.packs.catalogue import Choice, choice_of
from esteio.services.capsules.packs.filters import FILTERS
from esteio.services.capsules.packs.pack import BrokenPack, Pack, pack, packs
from esteio.services.capsules.packs.paths import UnsafePath, demand_apart, demand_safe
from esteio.services.capsules.packs.rendering import GeneratedFile, generate
from esteio.services.capsules.packs.technology import DATA
from esteio.services.capsules.packs.wish import Wish
from tests.capsules.packs.shapes import shape
from tests.capsules.packs.wishes import DESCRIPTION, HOSTILE, NAME, choices, every_choice, label, plain, whole

BASES = [pack.name for pack in packs()]
PYTHON, TYPESCRIPT, GO = "python", "typescript", "go"
MANIFESTS = {
    PYTHON: {"pyproject.toml", "requirements-dev.lock"},
    TYPESCRIPT: {"package.json", "package-lock.json"},
    GO: {"go.mod"},
}
ALWAYS = {"README.md", "Dockerfile", ".dockerignore", ".gitignore", ".editorconfig", "ci.sh"}
MARKUP = [
    *("html_block", "html_inline", "link_open", "image", "em_open", "strong_open", "s_open", "code_inline", "hr"),
    *("blockquote_open", "ordered_list_open", "bullet_list_open", "table_open", "fence", "code_block"),
]


def contents(files: Iterable[GeneratedFile]) -> dict[str, bytes]:
    return {file.path: file.content for file in files}


class Named(Wish):
    """A wish whose derived names stay the same, so that what words do can be told from what names do."""

    slug = "named-project"
    package = "named_project"


def hostile(choice: Choice, text: str) -> Wish:
    """A wish that says the text wherever anything is said."""
    return Named(text, text, (f"x{text}", f"x{text}"), (f"x{text}",), choice)


def shapes(wish: Wish) -> dict[str, object]:
    return {file.path: shape(file.path, file.content) for file in generate(wish)}


@cache
def plain_shapes(base: str) -> dict[str, object]:
    return shapes(hostile(whole(pack(base)), "plain words"))


@pytest.mark.parametrize("base", BASES)
def test_every_choice_is_whole_and_can_be_parsed(base: str) -> None:
    """Each set of add-ons that a pack takes gives a project with all that a project has, and each file of it parses."""
    for choice in choices(pack(base)):
        files = generate(plain(choice))
        for file in files:
            shape(file.path, file.content)
            assert file.content.endswith(b"\n") or not file.content, f"{label(choice)}: {file.path}"
        _demand_whole(pack(base), choice, {file.path: file for file in files})


def _demand_whole(of: Pack, choice: Choice, files: dict[str, GeneratedFile]) -> None:
    where = label(choice)
    assert ALWAYS | MANIFESTS[of.language] <= files.keys(), where
    assert "LICENSE" not in files
    assert any(re.search(r"test", path) for path in files)
    assert files["ci.sh"].executable and files["ci.sh"].content.startswith(b"#!")
    assert ("compose.yaml" in files) == ("docker" in choice.addons), where
    assert (".github/workflows/ci.yml" in files) == ("github-actions" in choice.addons), where
    _demand_sound_image(files["Dockerfile"].content.decode(), of)
    if "docker" in choice.addons:
        _demand_engines(files["compose.yaml"].content.decode(), choice, where)
    if "github-actions" in choice.addons:
        workflow = files[".github/workflows/ci.yml"].content.decode()
        assert "ci.sh" in workflow, where
        _demand_engines(workflow, choice, where)
    said = b"".join(file.content for file in files.values()).decode()
    for addon, address in (("postgresql", "DATABASE_URL"), ("redis", "REDIS_URL")):
        if addon in of.addons and of.name != "python-django":
            assert (address in said) == (addon in choice.addons), f"{where}: {address}"


def _demand_sound_image(text: str, of: Pack) -> None:
    """Built in stages, run without rights, and asked whether it lives where it serves."""
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) >= 2
    last = text[text.rindex("\nFROM ") :]
    users = re.findall(r"^USER (\S+)", last, re.MULTILINE)
    if users:
        assert users[-1] not in ("root", "0")
    else:
        assert "unprivileged" in last or "nonroot" in last
    assert of.serves is None or "HEALTHCHECK" in last


def _demand_engines(text: str, choice: Choice, where: str) -> None:
    for addon, image in (("postgresql", "image: postgres:"), ("redis", "image: redis:")):
        assert (image in text) == (addon in choice.addons), f"{where}: {image}"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_are_data_and_nothing_else(base: str, text: str) -> None:
    """Whatever is said in every field, all files keep the shape that they have with plain words."""
    assert shapes(hostile(whole(pack(base)), text)) == plain_shapes(base)


@pytest.mark.parametrize("base", BASES)
@settings(max_examples=15)
@given(name=st.text(max_size=100), words=st.text(max_size=300))
@example(name="\\", words="'")
def test_any_words_are_data_and_nothing_else(base: str, name: str, words: str) -> None:
    """The same for words that nobody thought of."""
    said = Named(name, words, (f"x{words}", "x"), (f"x{words}",), whole(pack(base)))
    assert shapes(said) == plain_shapes(base)


@pytest.mark.parametrize("base", BASES)
def test_a_readme_has_the_headings_of_its_pack_alone(base: str) -> None:
    """A person's words in Markdown are all there, and make no heading, no link, no HTML and no list of their own."""
    choice = whole(pack(base))
    expected = _markup(_readme(hostile(choice, "plain words")))
    for text in HOSTILE.values():
        wish = hostile(choice, text)
        tokens = _readme(wish)
        assert _markup(tokens) == expected, text
        said = " ".join(" ".join(_text(token) for token in tokens).split())
        for words in (wish.title, *wish.text.split("\n"), *wish.points(wish.requirements)):
            assert " ".join(words.split()) in said, text


def _readme(wish: Wish) -> list[Token]:
    readme = contents(generate(wish))["README.md"].decode()
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(readme)


def _markup(tokens: list[Token]) -> tuple[list[str], dict[str, int]]:
    """The headings but the title, and how often there is markup of each kind."""
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    flat = [inner.type for token in tokens for inner in (token, *(token.children or ()))]
    return headings[1:], {kind: flat.count(kind) for kind in MARKUP}


def _text(token: Token) -> str:
    return "".join(child.content or " " for child in token.children or ())


def test_plain_words_stand_where_they_belong() -> None:
    """The name and the description reach the README, the manifest and the program's own words."""
    files = contents(generate(plain(choice_of(pack("python-fastapi")))))
    assert files["README.md"].decode().startswith(f"# {NAME}\n\n{DESCRIPTION}\n\n## Requirements\n\n- Orders")
    project = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert (project["name"], project["description"]) == ("orders-api", DESCRIPTION)
    assert f'title="{NAME}"' in files["src/orders_api/app.py"].decode()


def test_a_version_that_was_named_is_the_version_that_is_used() -> None:
    """PostgreSQL 16 and Python 3.12 are in the images of whoever asked for them."""
    of = pack("python-fastapi")
    said = choice_of(of, frozenset({"postgresql", "docker"}), {"postgresql": "16", "python": "3.12"})
    files = contents(generate(plain(said)))
    assert b"image: postgres:16-alpine" in files["compose.yaml"]
    assert b"FROM python:3.12-slim" in files["Dockerfile"]


def test_the_same_wish_gives_the_same_bytes_in_any_process() -> None:
    """Order of sets and dicts, seeds of hashes, place and time make no difference."""
    program = "from tests.capsules.packs.test_engine import digest; print(digest())"
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert seen == {f"{digest()}\n"}


def digest() -> str:
    """Of all files of all packs with all add-ons."""
    found = hashlib.sha256()
    for of in packs():
        for file in generate(plain(whole(of))):
            found.update(f"{file.path} {file.executable} {len(file.content)}\n".encode() + file.content)
    return found.hexdigest()


def test_a_template_cannot_write_a_persons_words_without_a_filter() -> None:
    """A pack whose author forgot the filter fails at once, whatever the words are."""
    for expression in (
        "{{ title }}",
        "{{ title ~ 'x' }}",
        "{{ requirements }}",
        "{{ missing }}",
        "{{ none }}",
        "{{ title._text }}",
        "{{ '%s' % title }}",
        "{{ [title]|join }}",
        "{{ title|upper }}",
        "{{ title|string }}",
    ):
        with pytest.raises(Exception, match=r"filter|undefined|no attribute|unsafe"):
            _render(expression)
    assert _render("{{ title|json }}") == '"a title"'


def _render(template: str) -> str:
    from esteio.services.capsules.packs import rendering

    wish = Wish("a title", "words", ("words",), (), choice_of(packs()[0]))
    return rendering._environment().from_string(template).render(rendering._context(wish))


def test_every_filter_is_documented() -> None:
    """Who writes a pack finds each filter in its documentation."""
    page = (DATA.parents[5] / "docs" / "capsules-packs.md").read_text()
    assert {name for name in FILTERS if f"`{name}" not in page} == set()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "C:/x",
        "a\\b",
        "a/\x00",
        "con",
        "a/NUL.txt",
        "x.",
        "x ",
        "~/x",
        "-/ü",
        "a" * 256,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    """No file of a pack gets out of the project, or onto a system that cannot keep it."""
    with pytest.raises(UnsafePath):
        demand_safe(path)


def test_paths_that_are_one_on_some_system_are_refused() -> None:
    """Names that differ in case only, and a file where a folder must be, cannot be unpacked everywhere."""
    for paths in (["a/B", "A/b"], ["a", "a/b"]):
        with pytest.raises(UnsafePath):
            demand_apart(paths)
    for choice in every_choice():
        demand_apart(file.path for file in generate(plain(choice)))


def test_every_manifest_names_the_project_by_its_slug() -> None:
    """A distribution or module is called by the name that its README says."""
    for of in packs():
        files = contents(generate(plain(choice_of(of))))
        if of.language == PYTHON:
            assert tomllib.loads(files["pyproject.toml"].decode())["project"]["name"] == "orders-api"
        elif of.language == TYPESCRIPT:
            assert json.loads(files["package.json"])["name"] == "orders-api"


def test_the_documentation_lists_every_pack() -> None:
    """What can be made is written down, with the add-ons of each."""
    page = (DATA.parents[5] / "docs" / "capsules-packs.md").read_text()
    for of in packs():
        row = re.search(rf"^\| `{of.name}` \|.*\|(.*)\|$", page, re.MULTILINE)
        assert row, of.name
        names = {"PostgreSQL": "postgresql", "Redis": "redis", "Docker": "docker", "GitHub Actions": "github-actions"}
        assert {names[title.strip()] for title in row[1].split(",")} == of.addons


def test_a_pack_that_breaks_the_layout_says_so() -> None:
    """A template that fails names itself, so that its author finds it."""
    from esteio.services.capsules.packs import rendering

    with pytest.raises(BrokenPack, match="nowhere"):
        rendering._rendered("nowhere.j2", {})
