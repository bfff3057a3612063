"""A book is a printable PDF with everything that was ordered in it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from esteio.services.petstory.book.words import STYLE_WORDS, WORDS
from esteio.services.petstory.schemas import Language
from tests.petstory.books import ADDRESS, content, made

A4 = (595.276, 841.89)
EVERY_BOOK = 4
"""Cover, who it is, stickers, tribute: the pages besides one for each art."""


def texts(path: Path) -> list[str]:
    """Each page's text, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(path).pages]


def fonts(path: Path) -> list[DictionaryObject]:
    found: list[Any] = []
    for page in PdfReader(path).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            found += [child.get_object() for child in font.get_object().get("/DescendantFonts", [font])]
    return found


def images(path: Path) -> set[int]:
    """The embedded pictures, each once, by their object's number."""
    found: set[int] = set()
    for page in PdfReader(path).pages:
        found |= _images(page["/Resources"])
    return found


def _images(resources: Any) -> set[int]:
    found: set[int] = set()
    for reference in resources.get_object().get("/XObject", {}).values():
        thing = reference.get_object()
        if thing["/Subtype"] == "/Image":
            found.add(thing.indirect_reference.idnum)
        elif "/Resources" in thing:
            found |= _images(thing["/Resources"])
    return found


def on_page(path: Path, number: int) -> np.ndarray[Any, Any]:
    """A page as pixels, at 110 dpi; the last is -1."""
    document = pypdfium2.PdfDocument(path)
    try:
        return np.array(document[len(document) + number].render(scale=110 / 72).to_pil().convert("RGB"))
    finally:
        document.close()


@pytest.mark.parametrize("arts", [1, 3, 10])
def test_a_book_has_a_page_for_each_art_and_four_more_all_of_a4(arts: int, tmp_path: Path) -> None:
    """Whoever pays for so many arts gets so many pages, and the printer gets A4."""
    pages = PdfReader(made(content(tmp_path, arts))).pages

    assert len(pages) == arts + EVERY_BOOK
    for page in pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4, abs=0.1)


def test_every_picture_is_embedded_once_as_the_jpeg_it_is(tmp_path: Path) -> None:
    """Pictures are neither lost nor encoded again, and stickers and the second page need no copies."""
    book = content(tmp_path, 5)
    path = made(book)
    pdf = path.read_bytes()

    assert len(images(path)) == 6
    for picture in (book.cover, *(art.path for art in book.arts)):
        assert pdf.count(picture.read_bytes()) == 1, picture.name


@pytest.mark.parametrize("language", ["pt-BR", "en", "es"])
def test_the_words_of_the_book_are_of_its_language(language: Language, tmp_path: Path) -> None:
    """Names, facts, the story and the words under each picture can be read, in the language that was ordered."""
    book = content(tmp_path, 3, language=language)
    path = made(book)
    pages = texts(path)
    words = WORDS[language]

    assert book.pet_name in pages[0]
    assert words["kind"].upper() in pages[0]
    for part in (*book.story.paragraphs, book.story.title, "gato", "siamês"):
        assert part in pages[1]
    for art, page in zip(book.arts, pages[2:], strict=False):
        assert art.text in page
        assert STYLE_WORDS[language][art.style].upper() in page
    assert words["stickers_how"] in pages[-2]
    assert words["tribute_how"] in pages[-1]
    assert "PS-1042" in pages[-1]
    assert ADDRESS in pages[-1].replace(" ", "")
    assert str(PdfReader(path).root_object["/Lang"]).lower().startswith(language[:2].lower())


def test_pages_are_numbered_after_the_cover(tmp_path: Path) -> None:
    """A fallen pile of printed pages can be put in order."""
    pages = texts(made(content(tmp_path, 2)))

    assert not pages[0].endswith("1")
    for number, page in enumerate(pages[1:], start=2):
        assert page.endswith(str(number))


def test_the_document_says_what_it_is_and_when_it_was_made(tmp_path: Path) -> None:
    """A reader's window shows the book's title; the date is the order's and not the machine's."""
    reader = PdfReader(made(content(tmp_path, 1)))

    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("A história de Mel", "PetStory")
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.replace(tzinfo=None) == datetime(2026, 3, 9)
    assert reader.xmp_metadata is not None
    assert reader.xmp_metadata.pdfaid_part == "2"


def test_all_letters_are_embedded(tmp_path: Path) -> None:
    """The book looks the same on a machine that has none of its fonts."""
    found = fonts(made(content(tmp_path, 2, name="Mel 犬 мир")))

    assert found
    for font in found:
        descriptor = font["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS + "x" * 170])
def test_the_printed_code_leads_to_the_tribute(address: str, tmp_path: Path) -> None:
    """A camera that sees the last page reads exactly the tribute's address."""
    path = made(content(tmp_path, 1, tribute_url=address))

    read, corners, _ = cv2.QRCodeDetector().detectAndDecode(on_page(path, -1))

    assert read == address
    assert corners is not None


def test_there_are_nine_stickers_with_lines_to_cut(tmp_path: Path) -> None:
    """Three by three, each in a dashed frame with its picture and the name, whatever the number of arts."""
    for arts in (1, 4, 9, 12):
        path = made(content(tmp_path / str(arts), arts))
        page = PdfReader(path).pages[-2]
        drawn = page.get_contents()
        assert drawn is not None

        assert page.extract_text().count("Mel") == 9
        assert _pictures_drawn(path, -2) == 9
        assert drawn.get_data().count(b"[3 3]0 d") == 9


def _pictures_drawn(path: Path, number: int) -> int:
    document = pypdfium2.PdfDocument(path)
    try:
        return len([*document[len(document) + number].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])])
    finally:
        document.close()


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    """A job that runs twice stores one book."""
    first = made(content(tmp_path / "one", 2)).read_bytes()

    assert made(content(tmp_path / "two", 2)).read_bytes() == first
    assert made(content(tmp_path / "three", 2, order_number="PS-1043")).read_bytes() != first


def test_words_that_the_story_does_not_have_are_quoted_beside_it(tmp_path: Path) -> None:
    """A model's story does not take the customer's own words out of the book."""
    book = content(tmp_path, 1)
    told = type(book.story)("Mel", ("Uma história bem diferente desta família.",), ("Mel.",))
    other = content(tmp_path, 1, story=told)

    page = texts(made(other))[1]

    assert book.owner_words in page
    assert WORDS["pt-BR"]["quoted"].upper() in page
    assert texts(made(book))[1].count("borboletas") == 1
