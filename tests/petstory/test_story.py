"""The house's own story says what was told, in the order's language, and nothing that nobody said."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.services.petstory.schemas import STYLES, Language
from esteio.services.petstory.story.asked import PAGE_TEXT, StoryAsked
from esteio.services.petstory.story.reading import is_in
from esteio.services.petstory.story.sentences import SENTENCES
from esteio.services.petstory.story.template import templated

LANGUAGES: tuple[Language, ...] = ("pt-BR", "en", "es")
WORDS = "Dorme de barriga para cima.\n\nAcorda quando ouve a chave na porta e corre para ver quem chegou."
ASKED = StoryAsked("Mel", "gato", "siamês", date(2019, 5, 3), WORDS, "pt-BR", STYLES * 3)


@pytest.mark.parametrize(
    ("language", "title", "day"),
    [
        ("pt-BR", "A história de Mel", "3 de maio de 2019"),
        ("en", "The story of Mel", "3 May 2019"),
        ("es", "La historia de Mel", "3 de mayo de 2019"),
    ],
)
def test_the_story_is_in_the_language_of_the_order(language: Language, title: str, day: str) -> None:
    """Title, facts and sentences are of that language."""
    story = templated(replace(ASKED, language=language))

    assert story.title == title
    assert "gato, siamês" in story.paragraphs[0]
    assert day in story.paragraphs[0]
    assert is_in(language, " ".join((story.paragraphs[0], story.paragraphs[-1])))


def test_the_customers_words_are_quoted_whole() -> None:
    """Nothing of what the customer wrote is lost or changed."""
    paragraphs = templated(ASKED).paragraphs

    for line in filter(None, WORDS.splitlines()):
        assert f"“{line}”" in paragraphs


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_that_nobody_told(language: Language) -> None:
    """Without facts and words, none appear: no species, no date, no quotation."""
    bare = templated(StoryAsked("Mel", None, " ", None, " \n", language, ("line",)))
    text = " ".join((*bare.paragraphs, *bare.page_texts))

    assert len(bare.paragraphs) == 3
    assert not re.search(r"\d|[“”«»]|\{|\}", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_thirty_pictures_have_thirty_different_texts(language: Language) -> None:
    """The largest order repeats no sentence, with the customer's words and without."""
    for words in ("", WORDS):
        for styles in (STYLES * 10, tuple(style for style in STYLES for _ in range(10))):
            story = templated(replace(ASKED, owner_words=words, language=language, styles=styles))

            assert len(story.page_texts) == 30
            assert len(set(story.page_texts)) == 30
            assert ("“Dorme de barriga para cima.”" in story.page_texts) == (bool(words) and language != "es")


def test_each_text_is_fit_for_its_style() -> None:
    """The words of a style never stand under a picture of another."""
    styles = STYLES * 6
    own = {style: set(sentences) for style, sentences in SENTENCES["en"].styles.items()}
    texts = templated(replace(ASKED, pet_name="{name}", owner_words="", language="en", styles=styles)).page_texts

    for style, text in zip(styles, texts, strict=True):
        assert text in own[style]


def test_the_same_telling_makes_the_same_story_and_another_name_another() -> None:
    """A job that runs again prints the same book; books of different pets differ in more than the name."""
    other = templated(replace(ASKED, pet_name="Rex", owner_words=""))
    mine = templated(replace(ASKED, owner_words=""))

    assert templated(ASKED) == templated(ASKED)
    assert [text.replace("Rex", "Mel") for text in other.page_texts] != list(mine.page_texts)


def test_no_sentence_needs_the_sex_of_the_pet() -> None:
    """Sentences name the pet instead of calling it he or she."""
    for language, gendered in (
        ("pt-BR", r"\b(ela|dela|do \{name\}|da \{name\}|[oa] \{name\}|querid[oa]|amad[oa]|lind[oa])\b"),
        ("en", r"\b(he|she|his|him|her|hers|its)\b"),
        ("es", r"\b(él|ella|[dl]el \{name\}|la \{name\}|querid[oa]|amad[oa])\b"),
    ):
        said = SENTENCES[language]  # type: ignore[index]
        under = [one for sentences in said.styles.values() for one in sentences] + list(said.any_style)
        for sentence in (said.about, said.born, said.telling, said.untold, said.pictures, *under):
            assert not re.search(gendered, sentence, re.IGNORECASE), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_sentences_with_the_name_in_each(language: Language) -> None:
    """No language is the poor one."""
    said = SENTENCES[language]
    under = [one for sentences in said.styles.values() for one in sentences] + list(said.any_style)

    assert [len(said.styles[style]) for style in STYLES] == [6, 6, 6]
    assert len(set(under)) == 30
    assert all(sentence.count("{name}") == 1 for sentence in under)


@given(st.text(max_size=300), st.text(max_size=4000), st.sampled_from(LANGUAGES), st.integers(0, 30))
def test_any_words_make_a_story(name: str, words: str, language: Language, pictures: int) -> None:
    """Whatever was typed, there is a title, a paragraph and one bounded text for each picture."""
    styles = (STYLES * 10)[:pictures]

    story = templated(StoryAsked(name, words[:50], name, date(2019, 5, 3), words, language, styles))

    assert story.title
    assert len(story.paragraphs) >= 2
    assert len(story.page_texts) == pictures
    assert all(0 < len(text) <= PAGE_TEXT for text in story.page_texts)


def test_what_looks_like_a_gap_in_the_words_is_left_alone() -> None:
    """Braces in a name or in the words are text."""
    story = templated(replace(ASKED, pet_name="{born} {x}", species="{name}", owner_words="{facts} e {count}!!!!"))

    assert story.title == "A história de {born} {x}"
    assert "{name}, siamês" in story.paragraphs[0]
    assert "“{facts} e {count}!!!!”" in story.paragraphs
