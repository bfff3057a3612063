"""Seventh step: an answer that is still at hand is sent again, or confirmed with a 304."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.http.answers import Envelope, send_resource
from esteio.http.cache import Key, ResponseCache, Slot, tenant_tag
from esteio.http.exchange import Exchange, exchange_of
from esteio.http.rules import Cached


class Conditional:
    """Serves operations that declare `cached` from this process's memory while nothing they show has changed."""

    def __init__(self, app: ASGIApp, *, cache: ResponseCache, envelope: Envelope) -> None:
        self.app = app
        self._cache = cache
        self._envelope = envelope
        self.hits = 0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        operation = exchange.operation
        rule = operation.rules.cached if operation is not None else None
        if rule is None or exchange.method not in ("GET", "HEAD"):
            return self.app(scope, receive, send)
        key = _key(rule, exchange, scope)
        kept = self._cache.get(key)
        if kept is not None:
            self.hits += 1
            exchange.answer = kept
            return send_resource(kept, exchange, self._envelope)
        tenant = exchange.principal.tenant
        slot = self._cache.slot(key, tuple(tenant_tag(tenant, tag) for tag in rule.tags), rule.seconds)
        return self._make(slot, scope, receive, send)

    async def _make(self, slot: Slot, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        exchange = exchange_of(scope)
        if exchange.answer is not None and exchange.answer.status == 200:
            self._cache.fill(slot, exchange.answer)


def _key(rule: Cached, exchange: Exchange, scope: Scope) -> Key:
    principal = exchange.principal
    whose = principal.id if rule.per == "principal" else ""
    return (principal.tenant_text, whose, exchange.path, scope["query_string"])
