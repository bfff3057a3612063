"""Sixth step: a request that was answered before is not carried out again."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.base.clock import Clock
from esteio.base.errors import IdempotencyInProgress
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.http.answers import Envelope, send_resource
from esteio.http.exchange import Exchange, exchange_of, replaying
from esteio.http.gate.bounds import read_body
from esteio.http.idempotency import Claim, IdempotencyRecords, Raced, Stored, make_claim, parsed_key
from esteio.http.problems import PROBLEM, Problems, as_refusal

REPLAYED: tuple[bytes, bytes] = (b"idempotency-replayed", b"true")


class Idempotency:
    """Replays the stored answer for a known key; lets a new one pass with a claim that its transaction takes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        records: IdempotencyRecords,
        database: Database,
        problems: Problems,
        envelope: Envelope,
        clock: Clock,
        hours: int,
    ) -> None:
        self.app = app
        self._records = records
        self._database = database
        self._problems = problems
        self._envelope = envelope
        self._clock = clock
        self._hours = hours

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        header, operation = exchange.headers.get(b"idempotency-key"), exchange.operation
        if header is None or exchange.method != "POST" or operation is None or not operation.rules.idempotent:
            return self.app(scope, receive, send)
        return self._once(header, exchange, scope, receive, send)

    async def _once(self, header: bytes, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(exchange, receive)
        claim = exchange.claim = self._claim(exchange, scope, parsed_key(header), body)
        stored = await self._records.find(claim)
        if stored is None:
            try:
                await self.app(scope, replaying(body, receive), send)
                return
            except Raced:
                stored = await self._records.find(claim)
            except IdempotencyInProgress:
                raise
            except Exception as error:
                await self._keep_refusal(error, claim, exchange)
                raise
        if stored is None:
            raise IdempotencyInProgress(headers={"Retry-After": "1"})
        await self._replay(stored, exchange)

    def _claim(self, exchange: Exchange, scope: Scope, key: str, body: bytes) -> Claim:
        operation = exchange.operation
        assert operation is not None
        media_type, condition = (exchange.headers.get(name, b"") for name in (b"content-type", b"if-match"))
        return make_claim(
            tenant=exchange.principal.tenant,
            scope=(exchange.principal.id, operation.method, operation.path),
            request=(exchange.path.encode(), scope["query_string"], media_type, condition, body),
            key=key,
            now=self._clock.now(),
            hours=self._hours,
            secret=operation.rules.secret_answer,
        )

    async def _keep_refusal(self, error: Exception, claim: Claim, exchange: Exchange) -> None:
        refusal = as_refusal(error)
        if refusal is None or refusal.passing or refusal.status >= 500:
            return
        body = self._problems.body(refusal, exchange)
        async with transaction(self._database, claim.tenant) as session:
            await self._records.fill_problem(session, claim, body, refusal.status)

    async def _replay(self, stored: Stored, exchange: Exchange) -> None:
        exchange.added.append(REPLAYED)
        if stored.resource is not None:
            await send_resource(stored.resource, exchange, self._envelope)
            return
        body = self._problems.again(stored.problem, exchange)
        await exchange.reply(stored.status, (PROBLEM, (b"cache-control", b"no-store")), body)
