"""Pictures drawn by Gemini, one call for each."""

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

from esteio.base.clock import Clock, SystemClock
from esteio.services.petstory.art.answers import image_in
from esteio.services.petstory.art.drawing import Drawn
from esteio.services.petstory.art.outcomes import (
    UNREADABLE,
    ArtOutcome,
    Busy,
    ModelGone,
    NoImage,
    NotConfigured,
    PhotoRefused,
)
from esteio.services.petstory.art.prompts import PROMPTS, ratio_for
from esteio.services.petstory.art.quotas import UNTOLD
from esteio.services.petstory.schemas import Style
from esteio.services.petstory.settings import PetstorySettings

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client
    from google.genai.types import GenerateContentResponse

SENT_EDGE = 2048
"""Longest edge of the photo that is sent: more is scaled down there."""

MOST_BYTES = 24 * 1024 * 1024
"""Of an answer: a picture of four million pixels as PNG in base64 has half of it."""

SIZE = "1K"
"""The size that `gemini_price` is the price of."""


class GeminiArtist:
    """Draws by the settings' model, or by the next fallback where a model was withdrawn. Used on one event loop.

    What the environment says of keys and addresses does not count, only the settings do. No call is tried again here.
    """

    name = "gemini"

    def __init__(self, settings: PetstorySettings, clock: Clock | None = None) -> None:
        self.model = settings.gemini_model
        self._settings = settings
        self._clock = clock or SystemClock()
        self._models = tuple(dict.fromkeys((settings.gemini_model, *settings.gemini_fallbacks)))
        self._http: httpx2.AsyncClient | None = None
        self._client: Client | None = None

    async def draw(self, photo: bytes, style: Style) -> Drawn:
        """Raises an outcome of `outcomes`; its `cost` is what was, or may have been, charged."""
        sent, ratio = await asyncio.to_thread(_sendable, photo)
        for model in self._models:
            came = await self._asked(model, sent, PROMPTS[style], ratio)
            if isinstance(came, ModelGone):
                continue
            if isinstance(came, ArtOutcome):
                raise came
            return await asyncio.to_thread(_taken, image_in(came, self._price), model, self._price)
        raise NotConfigured(f"no model is left of {', '.join(self._models)}")

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aio.aclose()
            self._client.close()
        if self._http is not None:
            await self._http.aclose()
        self._client = self._http = None

    @property
    def _price(self) -> Decimal:
        return self._settings.gemini_price

    async def _asked(self, model: str, photo: bytes, prompt: str, ratio: str) -> "GenerateContentResponse | ArtOutcome":
        """An outcome is given back, not raised: so it does not carry the client's error, and with that the request."""
        # The client is large and slow to import and to open: only a process that asks has it, and its loop goes on.
        client = await asyncio.to_thread(self._opened)
        from google.genai import types

        from esteio.services.petstory.art import failures

        config = types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            image_config=types.ImageConfig(aspect_ratio=ratio, image_size=SIZE),
        )
        contents: list[types.PartUnionDict] = [prompt, types.Part.from_bytes(data=photo, mime_type="image/jpeg")]
        try:
            # The client's own limit is for each piece of an answer, and pieces may come for ever.
            async with asyncio.timeout(self._settings.gemini_timeout):
                return await client.aio.models.generate_content(model=model, contents=contents, config=config)
        except TimeoutError:
            return Busy(UNTOLD, "no answer in time", self._price)
        except failures.FAILURES as error:
            return failures.outcome(error, model, self._price, self._clock.now())

    def _opened(self) -> "Client":
        if self._client is None:
            # As above.
            import httpx2
            from google.genai import Client, types

            from esteio.upstream.gemini.bounded import BoundedTransport

            key = self._settings.gemini_api_key.get_secret_value()
            if not key:
                raise NotConfigured("no key")
            self._http = httpx2.AsyncClient(
                transport=BoundedTransport(MOST_BYTES), trust_env=False, follow_redirects=False
            )
            options = types.HttpOptions(
                base_url=self._settings.gemini_url,
                api_version="v1",
                timeout=round(self._settings.gemini_timeout * 1000),
                httpx_async_client=self._http,
            )
            self._client = Client(vertexai=False, api_key=key, http_options=options)
        return self._client


def _sendable(photo: bytes) -> tuple[bytes, str]:
    # Pillow is slow to import: only who draws has it.
    from esteio.services.petstory.art.decoding import Undecodable, size_of
    from esteio.services.petstory.art.previews import thumbnail

    try:
        size = size_of(photo)
        return thumbnail(photo, SENT_EDGE) if max(size) > SENT_EDGE else photo, ratio_for(*size)
    except Undecodable:
        raise PhotoRefused(UNREADABLE) from None


def _taken(image: bytes, model: str, price: Decimal) -> Drawn:
    """The picture written anew: what was sent along with its pixels stays behind."""
    # As above.
    from esteio.services.petstory.art.decoding import Undecodable
    from esteio.services.petstory.art.previews import prepared

    media = "image/jpeg"
    try:
        data, width, height = prepared(image, media)
    except Undecodable:
        raise NoImage("UNDECODABLE", price) from None
    return Drawn(data, media, width, height, GeminiArtist.name, model, price)
