"""The story told by a Gemini text model."""

from collections.abc import Mapping
from typing import Literal

from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.story.asked import Story, StoryAsked, StoryUnavailable
from esteio.services.petstory.story.prompt import INSTRUCTION, answer_schema, prompt
from esteio.services.petstory.story.reading import read
from esteio.upstream.gemini.asking import asked as answered
from esteio.upstream.gemini.question import Model, Question, Reason, Unanswered

_TOKENS = 8_192
_REASONS: Mapping[Reason, Literal["off", "refused", "nonsense", "limited", "failed"]] = {
    "off": "off",
    "refused": "refused",
    "cut": "nonsense",
    "limited": "limited",
    "failed": "failed",
}


async def told(settings: PetstorySettings, asked: StoryAsked) -> Story:
    """The model's story. Raises StoryUnavailable for whatever else comes of it, and nothing but that.

    One request, within `gemini_timeout` seconds; the caller decides whether to ask again.
    """
    question = Question(INSTRUCTION, prompt(asked), answer_schema(asked))
    try:
        answer = await answered(_model(settings), question)
    except Unanswered as unanswered:
        raise StoryUnavailable(_REASONS[unanswered.reason], unanswered.retry_after) from unanswered
    return read(answer, asked)


def _model(settings: PetstorySettings) -> Model:
    return Model(
        settings.gemini_api_key,
        settings.gemini_url,
        settings.gemini_text_model,
        settings.gemini_timeout,
        _TOKENS,
    )
