"""What `generateContent` may come to, by names that a command line and a test use, and the answers to the bad ones."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from esteio.standins.gemini import domain
from esteio.standins.gemini.asked import Asked
from esteio.standins.gemini.drawing import bomb, drawn, endless, imagined
from esteio.standins.gemini.errors import PER_DAY, error, exhausted, no_model, wrong_key
from esteio.standins.wire import TEXT, Answer, written

WAIT_SECONDS = 17.0
DAY_SECONDS = 36_976.0
BLOCKED = ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK")
FINISHED = (
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_OTHER",
    "IMAGE_RECITATION",
    "NO_IMAGE",
    "SAFETY",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "SPII",
    "BLOCKLIST",
    "LANGUAGE",
    "MAX_TOKENS",
    "MALFORMED_FUNCTION_CALL",
    "OTHER",
)
UNKNOWN = "IMAGE_TOO_LOVELY"
REFUSAL = "I can help with that! Could you tell me a little more about how the picture should look?"

Content = list[dict[str, Any]]
Outcome = Callable[[Asked, float | None], Answer]

WORDS: Mapping[str, str] = {
    **{f"blocked_{reason.lower()}": f"200, the prompt is blocked: {reason}" for reason in BLOCKED},
    **{f"finish_{reason.lower()}": f"200, a candidate without content: {reason}" for reason in FINISHED},
    "finish_unknown": "200, a candidate without content for a reason that nobody knows",
    "text_only": "200, STOP, and words where a picture was asked for",
    "no_text": "200, STOP, and a text of no length",
    "not_a_picture": "200 with inline data that are called a PNG and are none",
    "no_data": "200 with inline data of no length",
    "cut_picture": "200 with the first half of the picture",
    "bomb": "200 with a small PNG of 576 million pixels",
    "endless": "200 with 32 MB of inline data",
    "quota": f"429 with a RetryInfo of {WAIT_SECONDS:g} s, or `seconds`",
    "quota_listed": "the same, the error being the only element of a list",
    "quota_silent": "429 that does not say how long to wait",
    "quota_day": f"429: the day's quota is used up, RetryInfo of {DAY_SECONDS:g} s, or `seconds`",
    "quota_zero": "429: the quota is 0, so waiting is in vain",
    "retired": "404: there is no such model",
    "bad_key": "400: the key is not valid",
    "bad_request": "400: an argument is not valid",
    "internal": "500 as JSON",
    "overloaded": "503 as JSON",
    "overloaded_text": "503 as plain text",
    "deadline": "504 as JSON",
    "silence": "the request is read and never answered",
    **domain.WORDS,
}
"""The outcomes that are not `ok`, in the words of the command line."""


def bad(name: str, asked: Asked, seconds: float | None) -> Answer | None:
    """The answer of an outcome of that name; None where there never is one."""
    kind, _, reason = name.partition("_")
    if name == "silence":
        return None
    if kind == "blocked":
        return written({"promptFeedback": {"blockReason": reason.upper()}, **_closing(asked, 0)})
    if kind == "code":
        return given(asked, [{"text": domain.coded(asked.prompt, name)}])
    if kind == "finish":
        return stopped(asked, UNKNOWN if reason == "unknown" else reason.upper())
    return OTHERS[name](asked, seconds)


def painted(asked: Asked) -> Answer:
    """The picture that was asked for. Raises `drawing.NoPicture`."""
    return given(asked, [inline(picture(asked))])


def picture(asked: Asked) -> bytes:
    if asked.pictures:
        return drawn(asked.pictures[0].data, asked.aspect, asked.size)
    return imagined(asked.prompt, asked.aspect, asked.size)


def given(asked: Asked, parts: Content) -> Answer:
    """A candidate with these parts, ended with STOP."""
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return written({"candidates": [candidate], **_closing(asked, 1290 if asked.image else 420)})


def stopped(asked: Asked, reason: str) -> Answer:
    """A candidate without content. The real one adds a `finishMessage` to those that concern pictures."""
    candidate: dict[str, Any] = {"finishReason": reason, "index": 0}
    if "IMAGE" in reason:
        candidate["finishMessage"] = "Unable to show the generated image."
    else:
        candidate["content"] = {"role": "model"}
    return written({"candidates": [candidate], **_closing(asked, 0)})


def inline(data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}


def _closing(asked: Asked, tokens: int) -> dict[str, Any]:
    prompt = len(asked.prompt) // 4 + 258 * len(asked.pictures)
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": tokens, "totalTokenCount": prompt + tokens}
    return {"usageMetadata": usage, "modelVersion": asked.model, "responseId": "stand-in"}


def _cut(asked: Asked, _: float | None) -> Answer:
    whole = picture(asked)
    return given(asked, [inline(whole[: len(whole) // 2])])


OTHERS: Mapping[str, Outcome] = {
    "text_only": lambda asked, _: given(asked, [{"text": REFUSAL}]),
    "no_text": lambda asked, _: given(asked, [{"text": ""}]),
    "not_a_picture": lambda asked, _: given(asked, [inline(b"<svg onload=alert(1)>")]),
    "no_data": lambda asked, _: given(asked, [inline(b"")]),
    "cut_picture": _cut,
    "bomb": lambda asked, _: given(asked, [inline(bomb())]),
    "endless": lambda asked, _: given(asked, [inline(endless())]),
    "quota": lambda asked, seconds: exhausted(asked.model, _or(seconds, WAIT_SECONDS)),
    "quota_listed": lambda asked, seconds: exhausted(asked.model, _or(seconds, WAIT_SECONDS), listed=True),
    "quota_silent": lambda asked, _: exhausted(asked.model, None),
    "quota_day": lambda asked, seconds: exhausted(asked.model, _or(seconds, DAY_SECONDS), PER_DAY),
    "quota_zero": lambda asked, _: exhausted(asked.model, None, PER_DAY, 0),
    "retired": lambda asked, _: no_model(asked.version, asked.model),
    "bad_key": lambda *_: wrong_key(),
    "bad_request": lambda *_: error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "internal": lambda *_: error(500, "INTERNAL", "An internal error has occurred."),
    "overloaded": lambda *_: error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "overloaded_text": lambda *_: Answer(503, b"upstream connect error or disconnect before headers", TEXT),
    "deadline": lambda *_: error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def _or(seconds: float | None, otherwise: float) -> float:
    return otherwise if seconds is None else seconds
