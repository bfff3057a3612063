"""Second step: security headers, the hosts that are served, CORS, and what a deprecated operation says of itself."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.base.clock import Clock
from esteio.base.errors import Gone, MisdirectedHost
from esteio.http.exchange import Exchange, Headers, exchange_of
from esteio.http.proxies import TrustedProxies
from esteio.http.routing import Operation
from esteio.http.rules import Deprecation
from esteio.http.times import http_date
from esteio.telemetry.metrics import security_events

API_CSP = b"default-src 'none'; frame-ancestors 'none'"
PAGE_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_FOR_APIS: Headers = [*_ALWAYS, (b"content-security-policy", API_CSP)]
_FOR_PAGES: Headers = [*_ALWAYS, (b"content-security-policy", PAGE_CSP)]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

EXPOSED = (
    b"ETag, Link, Location, Retry-After, X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    b"RateLimit, RateLimit-Policy, Quota, Idempotency-Replayed, Consistency-Token, Deprecation, Sunset"
)
_ALLOWED_HEADERS = (
    b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, X-Request-ID, "
    b"Consistency-Token, traceparent"
)
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", _ALLOWED_HEADERS),
    (b"access-control-max-age", b"600"),
    (b"cache-control", b"no-store"),
]


class SecurityHeaders:
    """Adds to every answer what keeps browsers from harm, and refuses hosts that are not served here (421)."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: tuple[str, ...],
        origins: tuple[str, ...],
        proxies: TrustedProxies,
        clock: Clock,
    ) -> None:
        self.app = app
        self._any_host = "*" in hosts
        self._hosts = frozenset(host.lower().encode() for host in hosts if not host.startswith("*"))
        self._suffixes = tuple(host[1:].lower().encode() for host in hosts if host.startswith("*."))
        self._origins = frozenset(origin.rstrip("/").encode() for origin in origins)
        self._proxies = proxies
        self._behind_proxies = bool(proxies)
        self._clock = clock

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        operation = exchange.operation
        api = exchange.path.startswith("/api") if operation is None else operation.rules.csp == "api"
        exchange.added.extend(_FOR_APIS if api else _FOR_PAGES)
        if self._behind_proxies or scope["scheme"] == "https":
            self._add_hsts(scope, exchange)
        # Probes and scrapers come by an address that nobody chose; what they are told holds no link.
        if not self._any_host and not (operation is not None and operation.rules.quiet):
            self._check_host(exchange.headers.get(b"host", b""))
        if self._origins and self._cors(exchange):
            return exchange.reply(200, _PREFLIGHT)
        if operation is not None and operation.rules.deprecation is not None:
            self._deprecate(operation.rules.deprecation, operation, exchange)
        return self.app(scope, receive, send)

    def _add_hsts(self, scope: Scope, exchange: Exchange) -> None:
        client = scope.get("client")
        scheme: str = scope["scheme"]
        if self._proxies.believes(client[0] if client else ""):
            scheme = exchange.headers.get(b"x-forwarded-proto", scheme.encode()).decode("latin-1")
        if scheme == "https":
            exchange.added.append(_HSTS)

    def _check_host(self, host: bytes) -> None:
        name = host.lower()
        if not name.endswith(b"]"):
            name = name.rpartition(b":")[0] or name
        if name not in self._hosts and not name.endswith(self._suffixes or b"\n"):
            security_events().labels("host_refused").inc()
            raise MisdirectedHost

    def _cors(self, exchange: Exchange) -> bool:
        """Tell a listed origin what it may; `True` when this is a preflight, which is thereby answered."""
        exchange.added.append((b"vary", b"Origin"))
        origin = exchange.headers.get(b"origin")
        if origin is None or origin not in self._origins:
            return False
        exchange.added.append((b"access-control-allow-origin", origin))
        exchange.added.append((b"access-control-allow-credentials", b"true"))
        exchange.added.append((b"access-control-expose-headers", EXPOSED))
        return exchange.method == "OPTIONS" and b"access-control-request-method" in exchange.headers

    def _deprecate(self, deprecation: Deprecation, operation: Operation, exchange: Exchange) -> None:
        """RFC 9745 and RFC 8594; from the sunset on the operation is gone (410)."""
        exchange.added += [
            (b"deprecation", b"@%d" % int(deprecation.since.timestamp())),
            (b"sunset", http_date(deprecation.sunset).encode()),
            (b"link", f'<{exchange.base}{deprecation.successor}>; rel="successor-version"'.encode()),
            (b"link", f'<{exchange.base}{deprecation.page}>; rel="deprecation"; type="text/html"'.encode()),
        ]
        if self._clock.now() >= deprecation.sunset:
            exchange.refusal = Gone(f"This operation was withdrawn; use {deprecation.successor}.")
