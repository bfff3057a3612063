"""The story of a book, whoever tells it."""

from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.story.asked import Story, StoryAsked, StoryUnavailable
from esteio.services.petstory.story.gemini import told
from esteio.services.petstory.story.template import templated
from esteio.telemetry.logs import log


async def story(settings: PetstorySettings, asked: StoryAsked) -> Story:
    """The model's story where its key is set and it tells one, else the house's own. It never fails."""
    if not settings.gemini_api_key.get_secret_value():
        return templated(asked)
    try:
        return await told(settings, asked)
    except StoryUnavailable as unavailable:
        log("petstory").warning(
            "the model told no story", reason=unavailable.reason, retry_after=unavailable.retry_after
        )
        return templated(asked)
