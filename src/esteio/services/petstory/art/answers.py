"""What an answer that came with 200 holds."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from esteio.services.petstory.art.outcomes import NoImage, PhotoRefused

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

REFUSED = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)
"""Reasons to end that are about the photo: the same photo would end so again."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def image_in(answer: "GenerateContentResponse", price: Decimal) -> bytes:
    """The first picture's bytes, not yet looked at.

    Raises `PhotoRefused` for a blocked prompt and for the reasons in `REFUSED`, `NoImage` for all others, known and
    unknown; both cost `price` where the model wrote something.
    """
    cost = price if answer.usage_metadata and answer.usage_metadata.candidates_token_count else Decimal(0)
    if answer.prompt_feedback and answer.prompt_feedback.block_reason:
        raise PhotoRefused(_code(answer.prompt_feedback.block_reason), cost)
    if not answer.candidates:
        raise NoImage("NO_CANDIDATE", cost)
    candidate = answer.candidates[0]
    reason = _code(candidate.finish_reason)
    if reason in REFUSED:
        raise PhotoRefused(reason, cost)
    parts = candidate.content.parts if candidate.content else None
    for part in parts or []:
        # What a model draws while it thinks is not its answer.
        if part.inline_data and part.inline_data.data and not part.thought:
            return part.inline_data.data
    raise NoImage("TEXT_ONLY" if reason == "STOP" and parts else reason, cost)


def _code(reason: Any) -> str:
    """A reason as a code that can be stored and shown, whatever was sent."""
    text = str(getattr(reason, "value", reason)).upper()
    return text if reason and _CODE.fullmatch(text) else "UNKNOWN"
