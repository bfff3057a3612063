"""The refusals of the OAuth endpoints, as RFC 6749 section 5.2 writes them, whichever step of the gate refuses."""

import re
from collections.abc import Mapping

from esteio.base.errors import EsteioError
from esteio.http.answers import JSON, dumps
from esteio.http.exchange import Exchange, Headers, Reply

MANNER = "oauth"
_NOT_TEXT = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_WORDS: Mapping[int, str] = {
    401: "invalid_client",
    403: "insufficient_scope",
    429: "temporarily_unavailable",
    503: "temporarily_unavailable",
}


class OAuthManner:
    """`error`, `error_description` and `error_uri`, which is the page of the house's own code for the refusal."""

    def bars(self, exchange: Exchange) -> EsteioError | None:
        """Nobody before the client is known."""
        return None

    def reply(self, refusal: EsteioError, exchange: Exchange) -> Reply:
        """The body is `application/json`, as section 5.2 demands, so it cannot be a problem document."""
        body = {
            "error": word_of(refusal),
            "error_description": _NOT_TEXT.sub("'", refusal.detail),
            "error_uri": f"{exchange.base}/errors/{refusal.slug()}",
        }
        headers: Headers = [JSON, (b"cache-control", b"no-store"), (b"pragma", b"no-cache")]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
        return exchange.reply(refusal.status, headers, dumps(body))

    def ended(self, exchange: Exchange, seconds: float) -> None:
        """Nothing is noted beyond what is of every request."""


def word_of(refusal: EsteioError) -> str:
    """The word that a client's library knows; the status says the rest."""
    named: str | None = getattr(refusal, "oauth", None)
    if named is not None:
        return named
    return _WORDS.get(refusal.status) or ("server_error" if refusal.status >= 500 else "invalid_request")
