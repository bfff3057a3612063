"""One question to a text model: its words, or why there are none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from esteio.upstream.gemini.question import Model, Question, Unanswered

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client
    from google.genai.errors import APIError

_ENDED = {"STOP", "FINISH_REASON_UNSPECIFIED"}
_EARLY = {"MAX_TOKENS", "OTHER"}
_LONGEST_WAIT = 86_400.0


async def asked(model: Model, question: Question) -> str:
    """The model's words, which are not yet known to be of the asked form. Raises `Unanswered`, and nothing but that.

    One request; the caller decides whether to ask again.
    """
    if not model.key.get_secret_value():
        raise Unanswered("off")
    try:
        # The client's own limit is for each piece of an answer, and pieces may come for ever.
        async with asyncio.timeout(model.timeout):
            return await _answer(model, question)
    except Unanswered:
        raise
    except Exception as error:
        # Transport, timeout, an answer of another shape, and what the library may come to raise. Its own error may
        # quote the request: it goes no further.
        raise _unanswered(error) from None


def _unanswered(error: Exception) -> Unanswered:
    # By its name: the class itself lives in a module that loads the client.
    return Unanswered("cut" if type(error).__name__ == "TooLong" else "failed")


async def _answer(model: Model, question: Question) -> str:
    async with _client(model) as client:
        from google.genai import types
        from google.genai.errors import APIError

        try:
            answer = await client.aio.models.generate_content(
                model=model.name,
                contents=question.message,
                config=types.GenerateContentConfig(
                    system_instruction=question.instruction,
                    response_mime_type="application/json",
                    response_schema=dict(question.schema),
                    max_output_tokens=model.tokens,
                ),
            )
        except APIError as error:
            raise _refusal(error) from None
    return _text_of(answer)


@asynccontextmanager
async def _client(model: Model) -> AsyncIterator["Client"]:
    # The library takes a second and 60 MB to load: only where a key is set, and while others go on.
    client, http = await asyncio.to_thread(_opened, model)
    try:
        yield client
    finally:
        await client.aio.aclose()
        client.close()
        await http.aclose()


def _opened(model: Model) -> "tuple[Client, httpx2.AsyncClient]":
    # As above.
    import httpx2
    from google.genai import Client, types

    from esteio.upstream.gemini.bounded import BoundedTransport

    http = httpx2.AsyncClient(transport=BoundedTransport(model.largest), trust_env=False, follow_redirects=False)
    options = types.HttpOptions(
        base_url=model.url,
        # The version that knows instructions and schemas in every release.
        api_version="v1beta",
        timeout=round(model.timeout * 1000),
        httpx_async_client=http,
    )
    return Client(vertexai=False, api_key=model.key.get_secret_value(), http_options=options), http


def _text_of(answer: Any) -> str:
    """The answer's words; only a candidate that came to its own end counts."""
    if not answer.candidates:
        raise Unanswered("refused")
    candidate = answer.candidates[0]
    finish = candidate.finish_reason.value if candidate.finish_reason else "STOP"
    if finish not in _ENDED:
        raise Unanswered("cut" if finish in _EARLY else "refused")
    parts = candidate.content.parts if candidate.content else None
    return "".join(part.text for part in parts or () if isinstance(part.text, str) and not part.thought)


def _refusal(error: "APIError") -> Unanswered:
    if error.code == 429:
        return Unanswered("limited", _retry_after(error.details))
    return Unanswered("failed" if error.code >= 500 else "refused")


def _retry_after(details: Any) -> float | None:
    """Seconds of the answer's RetryInfo, if it has one."""
    if isinstance(details, list) and details:
        details = details[0]
    body = details.get("error", details) if isinstance(details, dict) else {}
    for detail in body.get("details") or () if isinstance(body, dict) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            try:
                return max(0.0, min(float(delay.removesuffix("s")), _LONGEST_WAIT))
            except ValueError:
                return None
    return None
