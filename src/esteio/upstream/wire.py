"""One try of a call: sent over a guarded connection, read whole and within its bounds."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import httpx

from esteio.base.clock import Clock
from esteio.upstream.answer import Received
from esteio.upstream.backend import GuardedBackend
from esteio.upstream.failures import Broken, Encoded, Failing, TooLarge
from esteio.upstream.guard import Guard
from esteio.upstream.names import SystemResolver
from esteio.upstream.party import Terms
from esteio.upstream.places import Place
from esteio.upstream.settings import UpstreamSettings
from esteio.upstream.spans import answered, outgoing
from esteio.upstream.transport import GuardedTransport, no_cookies, trusting

IDLE = 4.0
"""For how long an idle connection is kept: less than the five seconds after which common servers drop theirs."""

NOT_MODIFIED = 304
TOO_MANY_REQUESTS = 429
SERVER_FAILS = 500


class Wire:
    """The connections to one party. Nothing is opened before the first call.

    No redirect is followed, no cookie kept, no proxy of the environment used, nothing decompressed. The party's own
    host may lead anywhere but to networks that the operator refuses; each connection is checked when it is made, and
    may then be used again until it has been idle for four seconds.
    """

    def __init__(self, terms: Terms, place: Place, clock: Clock, settings: UpstreamSettings) -> None:
        self._terms = terms
        self._place = place
        self._clock = clock
        self._settings = settings
        self._resolver = SystemResolver()
        self._client: httpx.AsyncClient | None = None

    async def send(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes) -> Received:
        """The whole answer. Raises `CallFailed`, also for a status that says that the party fails (5xx, 429)."""
        asked = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "esteio"}
        asked |= {name.lower(): value for name, value in (*self._terms.headers.items(), *headers.items())}
        with outgoing(method, url) as span:
            asked |= span.headers("party")
            try:
                async with self._open().stream(method, url, headers=asked, content=content) as answer:
                    answered(span, answer.status_code)
                    self._check(answer)
                    return Received(answer.status_code, dict(answer.headers), await self._body(answer))
            except (httpx.HTTPError, OSError) as error:
                raise Broken(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Drop every connection."""
        if self._client is not None:
            await self._client.aclose()
        self._resolver.close()

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code >= SERVER_FAILS or answer.status_code == TOO_MANY_REQUESTS:
            raise Failing(answer.status_code, self._after(answer.headers.get("retry-after", "")))
        if answer.request.method == "HEAD" or answer.status_code == NOT_MODIFIED:
            # Its head describes a body that does not come.
            return
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise Encoded
        length = answer.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self._terms.largest:
            raise TooLarge(f"{length[:20]} bytes were announced")

    async def _body(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > self._terms.largest:
                raise TooLarge(f"more than {self._terms.largest} bytes came")
        return bytes(body)

    def _after(self, text: str) -> float | None:
        """Seconds of a Retry-After, which may be a date (RFC 9110, 10.2.3)."""
        if text.isdecimal() and text.isascii():
            return float(text[:9])
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._clock.timestamp())
        except (ValueError, OverflowError):
            return None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            terms, context = self._terms, trusting(self._settings.ca_file)
            backend = GuardedBackend(self._guard(), self._resolver, seconds=terms.connect)
            self._client = httpx.AsyncClient(
                transport=GuardedTransport(backend, context, idle=IDLE),
                timeout=httpx.Timeout(terms.read, connect=terms.connect, pool=terms.total),
                cookies=no_cookies(),
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    def _guard(self) -> Guard:
        hosts = (*self._settings.allowed_hosts, self._place.host.lower().rstrip("."))
        return Guard(self._settings.model_copy(update={"allowed_hosts": hosts}))
