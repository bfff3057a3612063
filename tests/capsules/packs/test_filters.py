"""Words as literals: what a language reads there is what was said, letter by letter."""

import ast
import html
import json
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from esteio.services.capsules.packs import filters
from esteio.services.capsules.packs.words import Words, cleaned, one_line, shortened
from tests.capsules.packs.wishes import HOSTILE

NASTY = st.one_of(
    st.text(), st.text("\"'\\`\n\r\t{}%$#<>&*/-\u2028\u2029\x85\x00\x1b\x7f\u202e\ufeff\ue000😀\U000e0067\uffff")
)
READERS: dict[str, Callable[[str], str]] = {
    "py_string": ast.literal_eval,
    "go_string": ast.literal_eval,  # every escape that the filter writes means the same in Python
    "toml_string": lambda literal: tomllib.loads(f"x = {literal}")["x"],
    "yaml_string": lambda literal: yaml.safe_load(f"x: [{literal}]")["x"][0],
    "ts_string": json.loads,
    "json": json.loads,
    "html_text": html.unescape,
}


@pytest.mark.parametrize("name", sorted(set(READERS) - {"html_text"}))
@given(text=NASTY)
@example(text="\\u0041 \"' </script>")
@example(text="".join(map(chr, range(256))) + "\u2028\u202e\ufdd0\U0001f600\U0010ffff")
def test_a_literal_reads_as_what_was_said(name: str, text: str) -> None:
    """Written by the filter and read by the language, words are the same, on one line, with nothing that is unseen."""
    for value in (text, Words(text)):
        literal = filters.FILTERS[name](value)
        assert READERS[name](literal) == text
        assert literal.splitlines() == [literal]
        assert name != "ts_string" or "</" not in literal
        assert filters._shown(literal) == literal or "\u200c" in literal or "\u200d" in literal


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_halves_of_surrogates_never_reach_a_file(name: str, text: str) -> None:
    """Whatever is said, what the filter writes can be encoded."""
    filters.FILTERS[name](text).encode()


def test_json_takes_lists_and_objects() -> None:
    """Lists of words are written as JSON without unpacking them first."""
    assert json.loads(filters.json({"a": [Words("\u202e"), 1, None, True]})) == {"a": ["\u202e", 1, None, True]}


@given(text=NASTY)
def test_text_of_a_page_stays_text(text: str) -> None:
    """In an element and in a quoted attribute, words open nothing and close nothing."""

    class Reader(HTMLParser):
        seen = ""
        tags: list[tuple[str, object]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags = [*self.tags, (tag, attrs)]

        def handle_data(self, data: str) -> None:
            self.seen += data

    words = filters.html_text(text)
    reader = Reader()
    reader.feed(f'<p title="{words}">{words}</p>')
    reader.close()
    assert reader.tags == [("p", [("title", html.unescape(words))])]
    assert reader.seen == html.unescape(words)


@given(text=NASTY)
@example(text="*/ console.log(1) //\u2028 x = 1\r\n# y")
def test_a_comment_ends_with_its_lines(text: str) -> None:
    """Every line that any language would see in a comment begins with the comment's mark."""
    for line in filters.comment(text, "#").splitlines():
        assert line.startswith("#")
    assert filters.comment("a\u2028b\r\rc ", "//") == "// a\n// b\n//\n// c"


def test_cleaning_leaves_what_people_write() -> None:
    """Accents, right-to-left letters, emoji and joiners stay; what hides or turns the rest goes."""
    assert cleaned("Ação שלום مرحبا नमस्ते 👩‍👩‍👧 می‌خواهم") == "Ação שלום مرحبا नमस्ते 👩‍👩‍👧 می‌خواهم"
    assert cleaned("a\x00b\x1b[31mc\u202ed\u2066e\ufefff\u200bg\u00adh") == "ab[31mcdefgh"
    assert cleaned("half \ud83d of one, \uffff") == "half \ufffd of one, \ufffd"
    assert cleaned("one\r\ntwo\u2028three\x85four\tfive ") == "one\ntwo\nthree\nfour\tfive"
    assert one_line(" a\n\tb  c ") == "a b c"


def test_a_short_form_ends_at_a_word() -> None:
    """What is too long for a line is cut between words where it has some."""
    assert shortened("one two", 7) == "one two"
    assert shortened("one two three", 9) == "one two…"
    assert shortened("x" * 20, 5) == "xxxx…"
