"""The story told by a Gemini text model."""

import asyncio
from typing import TYPE_CHECKING, Any

from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.story.asked import Story, StoryAsked, StoryUnavailable
from esteio.services.petstory.story.prompt import INSTRUCTION, answer_schema, prompt
from esteio.services.petstory.story.reading import read

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.errors import APIError

_TOKENS = 8_192


async def told(settings: PetstorySettings, asked: StoryAsked) -> Story:
    """The model's story. Raises StoryUnavailable for whatever else comes of it, and nothing but that.

    One request, within `gemini_timeout` seconds; the caller decides whether to ask again.
    """
    if not settings.gemini_api_key.get_secret_value():
        raise StoryUnavailable("off")
    try:
        async with asyncio.timeout(settings.gemini_timeout):
            answer = await _answer(settings, asked)
    except StoryUnavailable:
        raise
    except Exception as error:
        # A paid book never fails for its story: transport, timeout, and what the library may come to raise.
        raise StoryUnavailable("failed") from error
    return read(answer, asked)


async def _answer(settings: PetstorySettings, asked: StoryAsked) -> str:
    # The library takes a second and 60 MB to load: only where a key is set, and while others go on.
    client = await asyncio.to_thread(_client, settings)
    from google.genai import types
    from google.genai.errors import APIError

    try:
        answer = await client.aio.models.generate_content(
            model=settings.gemini_text_model,
            contents=prompt(asked),
            config=types.GenerateContentConfig(
                system_instruction=INSTRUCTION,
                response_mime_type="application/json",
                response_schema=answer_schema(asked),
                max_output_tokens=_TOKENS,
            ),
        )
    except APIError as error:
        raise _refusal(error) from error
    finally:
        await client.aio.aclose()
    return _text_of(answer)


def _client(settings: PetstorySettings) -> "Client":
    # As above.
    from google.genai import Client, types

    return Client(
        api_key=settings.gemini_api_key.get_secret_value(),
        http_options=types.HttpOptions(
            base_url=settings.gemini_url,
            # The version that knows instructions and schemas in every release.
            api_version="v1beta",
            timeout=round(settings.gemini_timeout * 1000),
        ),
    )


def _text_of(answer: Any) -> str:
    """The answer's words; only a candidate that came to its own end counts."""
    if not answer.candidates:
        raise StoryUnavailable("refused")
    candidate = answer.candidates[0]
    finish = candidate.finish_reason.value if candidate.finish_reason else "STOP"
    if finish not in {"STOP", "FINISH_REASON_UNSPECIFIED"}:
        raise StoryUnavailable("nonsense" if finish in {"MAX_TOKENS", "OTHER"} else "refused")
    parts = candidate.content.parts if candidate.content else None
    return "".join(part.text for part in parts or () if isinstance(part.text, str) and not part.thought)


def _refusal(error: "APIError") -> StoryUnavailable:
    if error.code == 429:
        return StoryUnavailable("limited", _retry_after(error.details))
    return StoryUnavailable("failed" if error.code >= 500 else "refused")


def _retry_after(details: Any) -> float | None:
    """Seconds of the answer's RetryInfo, if it has one."""
    if isinstance(details, list) and details:
        details = details[0]
    body = details.get("error", details) if isinstance(details, dict) else {}
    for detail in body.get("details") or () if isinstance(body, dict) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            try:
                return max(0.0, min(float(delay.removesuffix("s")), 86_400.0))
            except ValueError:
                return None
    return None
