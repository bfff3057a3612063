"""Setting the pages with Typst. Only the child process imports this: the compiler is 80 MB."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from esteio.services.petstory.book.fonts import FAMILIES, folders

if TYPE_CHECKING:
    from typst import PDFStandard

_JOINERS = re.compile("(?<![^\\W\\d_])[\u200d\ufe0e\ufe0f]+")
_STANDARD: "PDFStandard" = "a-2a"


def typeset(data: dict[str, Any], folder: Path, made_at: datetime) -> bytes:
    """The PDF of the data, with the templates and pictures of the folder. Raises typst.TypstError."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(f) for f in folders()])
    drawn = drawable(data, undrawable(set("".join(texts(data))), fonts))
    drawn["families"] = [family for family in FAMILIES if family in fonts.families()]
    (folder / "book.json").write_text(json.dumps(drawn, ensure_ascii=True), encoding="ascii")
    try:
        return _compiled(folder, fonts, made_at, [_STANDARD])
    except typst.TypstError:
        # What cannot be archived can still be read and printed.
        return _compiled(folder, fonts, made_at, [])


def undrawable(letters: set[str], fonts: typst.Fonts) -> set[str]:
    """Those letters that no font has: PDF/A refuses them, which is asked of ever smaller halves."""
    asked = sorted(letter for letter in letters if not letter.isspace() and not letter.isascii())
    return _undrawable(asked, fonts)


def _undrawable(asked: list[str], fonts: typst.Fonts) -> set[str]:
    if not asked or _drawable(asked, fonts):
        return set()
    if len(asked) == 1:
        return set(asked)
    middle = len(asked) // 2
    return _undrawable(asked[:middle], fonts) | _undrawable(asked[middle:], fonts)


def _drawable(letters: Iterable[str], fonts: typst.Fonts) -> bool:
    names = ", ".join(f'"{family}"' for family in FAMILIES if family in fonts.families())
    text = "".join(f"\\u{{{ord(letter):x}}} " for letter in letters)
    source = f'#set text(font: ({names},))\n#"{text}"'
    try:
        typst.compile(source.encode(), format="pdf", font_paths=fonts, pdf_standards=[_STANDARD])
    except typst.TypstError:
        return False
    return True


def drawable(data: dict[str, Any], missing: set[str]) -> dict[str, Any]:
    """The data without these letters; a pet of whose name nothing is left is called what any pet is called."""
    if not without(data["name"], missing):
        data = _renamed(data, data["name"], data["words"]["nameless"])
    return dict(without(data, missing)) if missing else data


def _renamed(data: Any, name: str, other: str) -> Any:
    return _each(data, lambda text: text.replace(name, other))


def texts(data: Any) -> Iterable[str]:
    """All strings in it."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)


def without(data: Any, letters: set[str]) -> Any:
    """The same data without these letters in its strings."""

    def left(text: str) -> str:
        kept = "".join(letter for letter in text if letter not in letters)
        # What joined letters that are gone joins nothing any more.
        return text if kept == text else " ".join(_JOINERS.sub("", kept).split())

    return _each(data, left)


def _each(data: Any, change: Callable[[str], str]) -> Any:
    """The same data with each string changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {name: _each(value, change) for name, value in data.items()}
    if isinstance(data, list):
        return [_each(value, change) for value in data]
    return data


def _compiled(folder: Path, fonts: typst.Fonts, made_at: datetime, standards: "list[PDFStandard]") -> bytes:
    made = typst.compile(
        str(folder / "templates" / "book.typ"),
        root=str(folder),
        format="pdf",
        font_paths=fonts,
        timestamp=made_at,
        pdf_standards=standards,
    )
    assert isinstance(made, bytes)
    return made
