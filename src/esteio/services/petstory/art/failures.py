"""What went wrong with a call, as one of our outcomes. Imports the client: import it where calls are made."""

from datetime import datetime
from decimal import Decimal

import httpx2
from google.genai.errors import APIError

from esteio.services.petstory.art.outcomes import ArtOutcome, Busy, ModelGone, NoImage, NotConfigured, PhotoRefused
from esteio.services.petstory.art.quotas import UNTOLD, reasons, waiting
from esteio.upstream.gemini.bounded import TooLong

UNREAD = (ValueError, TypeError, LookupError, AttributeError)
"""What the client raises over an answer that is JSON of another shape, or none: it takes its shape for granted."""

FAILURES = (APIError, httpx2.HTTPError, httpx2.InvalidURL, OSError, *UNREAD)

PHOTO_WORDS = "input image"


def outcome(error: Exception, model: str, price: Decimal, now: datetime) -> ArtOutcome:
    """Without the error's own words, which may quote the request.

    `price` is what a picture costs that was drawn, or may have been, and never came.
    """
    if isinstance(error, APIError):
        return _of_status(error, model, now)
    if isinstance(error, TooLong):
        return NoImage("TOO_LONG", price)
    if isinstance(error, UNREAD):
        return NoImage("MALFORMED_RESPONSE", price)
    words = f"no answer: {type(error).__name__}"
    unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return Busy(UNTOLD, words, Decimal(0) if unsent else price)


def _of_status(error: APIError, model: str, now: datetime) -> ArtOutcome:
    message = error.message if isinstance(error.message, str) else ""
    code = error.code if isinstance(error.code, int) else 0
    if code == 404:
        return ModelGone(model)
    if code == 429:
        return waiting(error.details, message, now)
    if code >= 500 or code in (408, 409, 425, 499):
        return Busy(UNTOLD, f"answered {code}")
    if code == 413 or (code == 400 and PHOTO_WORDS in message.lower()):
        return PhotoRefused("INVALID_IMAGE")
    known = sorted(reasons(error.details) & {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "SERVICE_DISABLED"})
    return NotConfigured(" ".join([f"answered {code}", *known]))
