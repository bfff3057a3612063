"""Whatever people call their pets, it is text in the book, on its page, and never more than text."""

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from esteio.services.petstory.book.texts import on_one_line, paragraphs, printable
from esteio.services.petstory.book.words import WORDS
from esteio.services.petstory.story.asked import Story
from tests.petstory.books import content, made

HOSTILE = "Rex <script> & \"Füß\" 犬 #{1+1} $x$ \\ [*a*] @b <c> // `r` #pagebreak() ~ -- 'q'"
A4 = (595.276, 841.89)


def text_of(path: Path) -> str:
    """The text of all pages, without spaces: where lines end says nothing."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(path).pages)


def outside(path: Path) -> list[tuple[int, tuple[float, ...]]]:
    """What is drawn beyond the edge of its page: page and box."""
    document = pypdfium2.PdfDocument(path)
    try:
        boxes = [
            (number, thing.get_bounds())
            for number, page in enumerate(document)
            for thing in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
        ]
    finally:
        document.close()
    return [(number, box) for number, box in boxes if box[0] < 0 or box[1] < 0 or box[2] > A4[0] or box[3] > A4[1]]


def everywhere(folder: Path, text: str, **other: Any) -> Path:
    """A book with this text in every place that a person may fill."""
    told = Story(text, (text, text), (text,))
    return made(content(folder, 1, name=text, words=text, story=told, species=text, breed=text, **other))


def test_a_hostile_name_is_printed_as_it_is(tmp_path: Path) -> None:
    """Nothing that looks like markup does anything."""
    path = everywhere(tmp_path, HOSTILE)

    assert text_of(path).count("".join(HOSTILE.split())) >= 8
    reader = PdfReader(path)
    assert len(reader.pages) == 5
    assert reader.metadata is not None
    assert reader.metadata.title == HOSTILE


@pytest.mark.parametrize(
    "text",
    [
        "x" * 300,
        "Donaudampfschifffahrtsgesellschaftskapitän " * 7,
        "Ana Maria " * 30,
        "W" * 24 + " " + "m" * 24,
        "犬" * 300,
        "ผ" * 120,
        "🐶" * 100,
        "https://petstory.example/" + "a/b" * 90,
    ],
    ids=["x", "long-words", "many-words", "wide", "cjk", "thai", "emoji", "address"],
)
def test_long_names_stay_on_their_pages(text: str, tmp_path: Path) -> None:
    """Three hundred characters shrink or break: nothing runs over the edge, and only the story may need more pages."""
    path = everywhere(tmp_path, text)
    pages = [page.extract_text() for page in PdfReader(path).pages]
    words = WORDS["pt-BR"]

    assert outside(path) == []
    for place, only in (
        (0, words["kind"].upper()),
        (-3, "PARA COLORIR\n"),
        (-2, words["stickers_how"]),
        (-1, "PS-1042"),
    ):
        assert [only in page for page in pages].index(True) == place % len(pages)
        assert sum(only in page for page in pages) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Re\x00x\x01\x1b[31m\x7f", "Rex[31m"),
        ("evil\u202egnp.exe\u2066", "evilgnp.exe"),
        ("a\ud800b", "ab"),
        ("e\u0301", "é"),
        ("Z" + "\u0300\u0301\u0302\u0303\u0304\u0305\u0306" * 20, None),
        ("\ue000\ufdd0\uffff\U0010ffff private", "private"),
        ("tab\there\r\nline\u2028end", "tabherelineend"),
        ("ﷺ ﷽", None),
        ("مرحبا שלום नमस्ते", None),
        ("𒀀𒀁 ᠠᠡ Rex", "Rex"),
        ("\u200d\ufe0f", None),
        ("", None),
    ],
)
def test_odd_characters_do_no_harm(text: str, shown: str | None, tmp_path: Path) -> None:
    """What cannot be printed is left out, and the book is made and readable all the same."""
    path = everywhere(tmp_path, text)

    assert outside(path) == []
    if shown is not None:
        assert shown in text_of(path)
    else:
        assert text_of(path)


def test_a_name_that_cannot_be_drawn_at_all_gives_way(tmp_path: Path) -> None:
    """A name of letters that no font has leaves a book that speaks of the pet, not of boxes."""
    pages = [page.extract_text() for page in PdfReader(made(content(tmp_path, 1, name="𒀀𒀁", language="es"))).pages]

    assert "La historia de Mi mascota" in pages[0]
    assert all("Mi mascota" in pages[page] for page in (1, -2, -1))


def test_a_long_story_flows_on(tmp_path: Path) -> None:
    """Four thousand characters of the customer are all printed, on as many pages as they need."""
    words = " ".join(f"Frase{number} sobre um dia qualquer." for number in range(115))
    path = made(content(tmp_path, 1, words=words))
    text = text_of(path)

    assert outside(path) == []
    assert all(f"Frase{number}" in text for number in range(115))


def test_the_extremes_of_each_text_are_cut() -> None:
    """One line is one line, of at most so many characters."""
    assert on_one_line(" a\n b\t c ", 5) == "a b c"
    assert on_one_line("abcdef", 5) == "abcd…"
    assert paragraphs("a  b\n\n \nc\r\nd") == ["a b", "c", "d"]


@given(st.text(st.characters(codec=None), max_size=60))
def test_what_is_printable_stays_so(text: str) -> None:
    """Cleaning twice is cleaning once, and what is cleaned can be written as UTF-8 without a control character."""
    once = printable(text)

    assert printable(once) == once
    assert not any(ord(letter) < 32 and letter != "\n" for letter in once)
    once.encode("utf-8")
