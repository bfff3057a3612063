"""Fifth step of the gate: how often. Every request of a limited route is charged, refused ones too."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.base.errors import RateLimited
from esteio.http.exchange import Exchange, Headers, exchange_of
from esteio.limits.account import Account
from esteio.limits.concurrency import Places
from esteio.limits.decision import Decision
from esteio.limits.headers import RETRY, fields
from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter
from esteio.limits.overrides import PLAN


class Charged:
    """What a request was charged, for the fields of its answer."""

    __slots__ = ("decision", "limiter")

    def __init__(self, limiter: Limiter, decision: Decision) -> None:
        self.limiter = limiter
        self.decision = decision

    def fields(self) -> Headers:
        found = fields(self.decision)
        # The error carries Retry-After, since pages for people need it too.
        return found if self.decision.allowed else [field for field in found if field[0] is not RETRY]

    def give_back(self) -> None:
        self.limiter.give_back(self.decision)


class Limit:
    """Charges the operation's policies, and takes a place where it runs long; refuses with 429.

    A refusal by the step before is told after it was charged: whoever guesses credentials meets the limit too.
    """

    def __init__(self, app: ASGIApp, *, limiter: Limiter, places: Places, enabled: bool) -> None:
        self.app = app
        self._limiter = limiter
        self._places = places
        self._enabled = enabled

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        names = self._names(exchange)
        if names and self._enabled:
            account = self._account(names, exchange)
            decision = self._limiter.take(account)
            if decision is None:
                return self._ask(account, scope, receive, send)
            _charge(self._limiter, decision, exchange)
        if exchange.refusal is not None:
            raise exchange.refusal
        return self._further(exchange, scope, receive, send)

    async def _ask(self, account: Account, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        _charge(self._limiter, await self._limiter.acquire(account), exchange)
        if exchange.refusal is not None:
            raise exchange.refusal
        await self._further(exchange, scope, receive, send)

    def _further(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        operation = exchange.operation
        if operation is not None and operation.rules.at_once is not None and self._enabled:
            return self._in_a_place(operation.rules.at_once, exchange, scope, receive, send)
        return self.app(scope, receive, send)

    async def _in_a_place(self, name: str, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        place = await self._places.take(name, _who(exchange))
        try:
            await self.app(scope, receive, send)
        finally:
            self._places.leave(place)

    def _names(self, exchange: Exchange) -> tuple[str, ...]:
        operation = exchange.operation
        if operation is None:
            return ()
        rules, principal = operation.rules, exchange.principal
        if principal.anonymous and rules.anonymous_limits is not None:
            return rules.anonymous_limits
        if principal.plan is not None and "default" in rules.limits:
            plan = PLAN + principal.plan
            if plan in self._limiter.policies:
                return tuple(plan if name == "default" else name for name in rules.limits)
        return rules.limits

    def _account(self, names: tuple[str, ...], exchange: Exchange) -> Account:
        return self._limiter.bind(names, _who(exchange))


def _who(exchange: Exchange) -> Identity:
    principal = exchange.principal
    return Identity(principal.tenant_text, "" if principal.anonymous else principal.id, exchange.address)


def _charge(limiter: Limiter, decision: Decision, exchange: Exchange) -> None:
    exchange.charge = Charged(limiter, decision)
    if decision.approximate:
        exchange.warnings = (*exchange.warnings, *decision.warnings)
    if not decision.allowed:
        raise RateLimited(headers={"Retry-After": str(decision.retry_after)})
