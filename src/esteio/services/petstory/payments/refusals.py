"""What Mercado Pago answers where it does not do what it was asked."""

import re
from typing import Any

from esteio.services.petstory.payments.answers import told
from esteio.upstream.answer import Received, Unfit
from esteio.upstream.errors import UpstreamUnavailable

LONGEST_WORDS = 160
DENIED, NOT_FOUND, BUSY = (401, 403), 404, (409, 423)
REST_WHEN_DENIED = 300

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


class Unknown(Exception):
    """It knows nothing of this number."""


class Busy(Exception):
    """The same call is being answered, or its key was used for another."""


class Declined(Exception):
    """It will not do so however often it is asked; `words` say why, for people."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"it answered {status}: {words}")
        self.status = status
        self.words = words


class Denied(UpstreamUnavailable):
    """It does not take the access token: nothing is wrong with what was asked."""


def done(received: Received) -> Any:
    """The JSON of an answer that says that it was done.

    Raises `Unknown`, `Busy`, `Declined` and `Denied`, and `Unfit` for what is no answer of its own.
    """
    status = received.status
    if status in (200, 201):
        return told(received)
    if not 400 <= status < 500:
        raise Unfit(f"status {status}")
    refusal = told(received)  # what stands between may refuse too, but with a page
    if status in DENIED:
        raise Denied(retry_after=REST_WHEN_DENIED, operator=f"mercadopago does not take the access token: {status}")
    if status == NOT_FOUND:
        raise Unknown
    if status in BUSY:
        raise Busy
    raise Declined(status, _words(refusal))


def _words(refusal: Any) -> str:
    """Its message and the first cause, in one line, without the e-mail addresses in them."""
    if not isinstance(refusal, dict):
        return "no reason was given"
    causes = refusal.get("cause")
    first = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], dict) else {}
    parts = dict.fromkeys(str(part) for part in (refusal.get("message"), first.get("description")) if part)
    text = "".join(one if one.isprintable() else " " for one in "; ".join(parts))
    return _ADDRESS.sub("…", text)[:LONGEST_WORDS] or "no reason was given"
