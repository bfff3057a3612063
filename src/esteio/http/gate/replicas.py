"""Between memory and operation: reads of operations that allow it may be answered by a replica."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.http.cache import ResponseCache, tenant_tag
from esteio.http.consistency import Consistency
from esteio.http.exchange import Exchange, exchange_of
from esteio.http.rules import Rules


class FromReplicas:
    """Lets a request's reads go to replicas that are new enough. It is only there where there are replicas.

    What is kept in memory afterwards must have in it whatever has touched its tags so far. That is asked after the
    place for it was given out: what touches them from then on keeps it from being kept.
    """

    def __init__(self, app: ASGIApp, *, cache: ResponseCache, consistency: Consistency) -> None:
        self.app = app
        self._cache = cache
        self._consistency = consistency

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        operation = exchange.operation
        if operation is not None and operation.rules.replica and exchange.method in ("GET", "HEAD"):
            exchange.allowance = self._consistency.allowance(exchange, self._since(operation.rules, exchange))
        return self.app(scope, receive, send)

    def _since(self, rules: Rules, exchange: Exchange) -> float:
        if rules.cached is None:
            return float("-inf")
        tenant = exchange.principal.tenant
        return self._cache.touched_at(tuple(tenant_tag(tenant, tag) for tag in rules.cached.tags))
