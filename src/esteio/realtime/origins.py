"""From which pages a browser may open a socket: no CORS guards sockets, so the server has to (RFC 6455, 10.2)."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from esteio.base.errors import Forbidden
from esteio.telemetry.metrics import security_events


class Origins:
    """The listed origins, the deployment's own, and whatever host was asked. Who sends no Origin is no browser."""

    def __init__(self, listed: Iterable[str], public_url: str) -> None:
        public = urlsplit(public_url)
        self._listed = frozenset(origin.rstrip("/").encode() for origin in listed)
        self._own = f"{public.scheme}://{public.netloc}".encode()

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises `Forbidden` for a page of a stranger."""
        origin = headers.get(b"origin")
        if origin is None or origin == self._own or origin in self._listed:
            return
        scheme, _, host = origin.partition(b"://")
        if scheme not in (b"http", b"https") or host.lower() != headers.get(b"host", b"").lower():
            security_events().labels("origin_refused").inc()
            raise Forbidden("Pages of this origin may not connect.")
