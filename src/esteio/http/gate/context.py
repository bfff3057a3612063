"""First step: the identity of the request, its log line and its measure; the place where errors become answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.base.errors import Unavailable
from esteio.http.exchange import KEY, Exchange, Manner, Reply
from esteio.http.problems import Problems
from esteio.http.proxies import TrustedProxies
from esteio.http.routing import Operation, RouteTable
from esteio.http.spans import RequestSpans, end
from esteio.http.times import SecondStamp
from esteio.telemetry.access import AccessLog
from esteio.telemetry.context import accepted_request_id, current, new_trace_id
from esteio.telemetry.metrics import REQUEST_SECONDS, SECONDS
from esteio.telemetry.metrics.exemplars import OWN as EXEMPLARS
from esteio.telemetry.tracing.parents import parent_of

UNROUTED = "(none)"
ENDING = (
    "The process that had the request is ending: try again after the seconds in Retry-After, by another connection."
)

Ended = Callable[[Exchange, float], None]
"""Hears of every request that is not quiet, and after how many seconds its answer had left. It must not fail."""


class Context:
    """Gives every request its id and trace, finds its operation, and says afterwards what became of it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: RouteTable,
        problems: Problems,
        proxies: TrustedProxies,
        access: AccessLog | None,
        seconds: Histogram,
        stamp: SecondStamp,
        base: str,
        manners: Mapping[str, Manner],
        ending: Callable[[], bool],
        ended: Ended | None = None,
        spans: RequestSpans | None = None,
    ) -> None:
        self.app = app
        self._manners = manners
        self._ending = ending
        self._ended = ended
        self._spans = spans
        self._table = table
        self._problems = problems
        self._proxies = proxies
        self._behind_proxies = bool(proxies)
        self._access = access
        self._seconds = seconds
        self._stamp = stamp
        self._base = base
        self._unrouted: dict[tuple[str, int], Histogram] = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = self._open(scope, send)
        try:
            answering = self.app(scope, receive, exchange.send)
        except Exception as error:
            if exchange.span is not None:
                exchange.span.fail(error)
            answering = self._problems.reply(error, exchange)
        if type(answering) is Reply:
            self._close(exchange, scope)
            return answering
        return self._answer(answering, exchange, scope)

    async def _answer(self, answering: Awaitable[None], exchange: Exchange, scope: Scope) -> None:
        try:
            await answering
        except Exception as error:
            if exchange.span is not None:
                exchange.span.fail(error)
            if exchange.status:
                # The answer has begun: breaking the connection is the only honest way to say that it failed.
                raise
            await self._problems.reply(error, exchange)
        except asyncio.CancelledError:
            # Nobody but a server that ends cancels a whole request; what was under way has been undone on the way here.
            if exchange.status or not self._ending():
                raise
            await self._problems.reply(Unavailable(ENDING, operator="cut off by the end of the process"), exchange)
        finally:
            self._close(exchange, scope)

    def _open(self, scope: Scope, send: Send) -> Exchange:
        client = scope.get("client")
        peer: str = client[0] if client else ""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        address, parent = peer, None
        if self._behind_proxies:
            address = self._proxies.client(peer, scope["headers"])
            parent = parent_of(headers.get(b"traceparent")) if self._proxies.believes(peer) else None
        trace = new_trace_id() if parent is None else parent.trace
        request_id = accepted_request_id(headers.get(b"x-request-id")) or trace
        exchange = Exchange(scope, headers, request_id, trace, address, self._base, send)
        exchange.operation, exchange.parameters, allowed = self._table.find(exchange.method, exchange.path)
        if self._manners:
            self._choose_manner(exchange)
        scope[KEY] = exchange
        scope["allowed_methods"] = allowed
        current.set(exchange)
        spans = self._spans
        if spans is not None and (trace[-14:] < spans.bound or parent is not None):
            spans.begin(exchange, parent)
        return exchange

    def _choose_manner(self, exchange: Exchange) -> None:
        operation = exchange.operation
        name = self._table.manner(exchange.path) if operation is None else operation.rules.manner
        if name is not None:
            exchange.manner = self._manners[name]

    def _close(self, exchange: Exchange, scope: Scope) -> None:
        # What refers to itself waits for the garbage collector: scope, exchange and server; refusal and its frames.
        del scope[KEY]
        exchange.refusal = None
        traced = exchange.span is not None
        if traced:
            end(exchange)
        operation = exchange.operation
        if operation is not None and operation.rules.quiet:
            return
        seconds = time.perf_counter() - exchange.accepted_at
        if exchange.manner is not None:
            exchange.manner.ended(exchange, seconds)
        self._timer(operation, exchange).observe(seconds)
        if traced:
            self._exemplify(operation, exchange, seconds)
        if self._ended is not None:
            self._ended(exchange, seconds)
        if self._access is not None:
            self._access.write(
                (exchange.method[:16], operation.path if operation else UNROUTED),
                exchange.status,
                seconds,
                exchange.sent,
                exchange.who(),
                exchange.address,
                (exchange.request_id, exchange.trace_id),
                self._stamp.present().decode(),
                exchange.span_id,
            )

    def _exemplify(self, operation: Operation | None, exchange: Exchange, seconds: float) -> None:
        """Name the request's trace, which is recorded, as an example of how long such requests take."""
        known = operation is not None and exchange.method == operation.method
        method = exchange.method if known or exchange.method in _METHODS else "OTHER"
        route = operation.path if operation is not None and known else UNROUTED
        labels = (("method", method), ("route", route), ("status", str(exchange.status)))
        EXEMPLARS.note(REQUEST_SECONDS, labels, SECONDS, seconds, exchange.trace_id)

    def _timer(self, operation: Operation | None, exchange: Exchange) -> Histogram:
        status = exchange.status
        if operation is not None and exchange.method == operation.method:
            timer = operation.timers.get(status)
            if timer is None:
                timer = operation.timers[status] = self._seconds.labels(operation.method, operation.path, status)
            return timer
        method = exchange.method if exchange.method in _METHODS else "OTHER"
        timer = self._unrouted.get((method, status))
        if timer is None:
            timer = self._unrouted[method, status] = self._seconds.labels(method, UNROUTED, status)
        return timer


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
