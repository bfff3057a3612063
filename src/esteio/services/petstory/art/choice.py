"""Who draws."""

from esteio.services.petstory.art.drawing import Artist
from esteio.services.petstory.art.gemini import GeminiArtist
from esteio.services.petstory.art.local import LocalArtist
from esteio.services.petstory.settings import PetstorySettings


def artist(settings: PetstorySettings) -> Artist:
    """Who draws by these settings. Nothing is opened before the first picture; `aclose` gives it back."""
    return GeminiArtist(settings) if settings.drawer == "gemini" else LocalArtist()
