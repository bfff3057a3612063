"""Fourth step: who is calling, and whether they may.

What is wrong with the caller is written to `exchange.refusal` and raised by the next step, after it has charged the
caller's limit: so refusals are limited too.
"""

from collections.abc import Awaitable, Mapping
from functools import cache

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.auth.audit import Refusals
from esteio.auth.credentials import Credentials
from esteio.auth.keys import beginning
from esteio.auth.permissions import ADMINISTRATION, area
from esteio.auth.proof import Proof, comes_from
from esteio.auth.prover import Prover
from esteio.base.errors import EsteioError, Forbidden, InvalidCredentials, Unauthenticated
from esteio.base.principal import Principal
from esteio.http.exchange import Exchange, exchange_of
from esteio.http.rules import AUTHENTICATED
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import refusals
from esteio.telemetry.sparse import SparseLog

CHALLENGES = {"WWW-Authenticate": 'ApiKey realm="esteio", Bearer realm="esteio"'}
KEY, TOKEN, OTHER = "key", "token", "authorization"
CHALLENGES_TO = {
    KEY: {"WWW-Authenticate": 'ApiKey realm="esteio"'},
    TOKEN: {"WWW-Authenticate": 'Bearer realm="esteio", error="invalid_token"'},
    OTHER: CHALLENGES,
}


class Identify:
    """Proves the caller from `X-API-Key`, else from `Authorization: Bearer`; without either it stays anonymous.

    Wrong credentials are refused on public routes too. Quiet operations outside `/api` (probes) are not asked about
    unless they declare a permission.
    """

    def __init__(self, app: ASGIApp, *, credentials: Credentials, prover: Prover, refused: Refusals) -> None:
        self.app = app
        self._credentials = credentials
        self._prover = prover
        self._refused = refused
        self._log = SparseLog(log("esteio.auth"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        operation = exchange.operation
        if operation is None or (operation.rules.quiet and operation.rules.permission is None and not operation.is_api):
            return self.app(scope, receive, send)
        if exchange.manner is not None and (barred := exchange.manner.bars(exchange)) is not None:
            exchange.refusal = barred
            return self.app(scope, receive, send)
        presented = None if operation.rules.own_credentials else shown(exchange.headers)
        if presented is not None:
            kind, raw = presented
            proof = self._credentials.fresh(raw)
            if proof is None and kind != OTHER and not self._credentials.refused(raw):
                return self._look_up(kind, raw, scope, receive, send)
            self._judge(kind, raw, proof, exchange)
        return self._admit(operation.rules.permission, scope, receive, send)

    async def _look_up(self, kind: str, raw: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        try:
            proof = await (self._prover.by_key(raw) if kind == KEY else self._prover.by_bearer(raw))
        except EsteioError as error:
            exchange.refusal = error
        else:
            self._judge(kind, raw, proof, exchange)
        assert exchange.operation is not None
        await self._admit(exchange.operation.rules.permission, scope, receive, send)

    def _judge(self, kind: str, raw: bytes, proof: Proof | None, exchange: Exchange) -> None:
        if proof is None:
            exchange.refusal = self._wrong(kind, raw)
            return
        exchange.principal = proof.principal
        if proof.networks and not comes_from(exchange.address, proof.networks):
            _count(kind, "network").inc()
            exchange.refusal = Forbidden("The credentials may not be used from this address.")

    def _admit(self, permission: str | None, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if permission is None:
            return self.app(scope, receive, send)
        exchange = exchange_of(scope)
        if exchange.refusal is None and not _may(exchange.principal, permission):
            exchange.refusal = self._lacking(permission, exchange)
        if area(permission) in ADMINISTRATION:
            return self._noting(scope, receive, send)
        return self.app(scope, receive, send)

    async def _noting(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Forbidden as refusal:
            await self._refused.note(refusal, exchange_of(scope))
            raise
        except InvalidCredentials as refusal:
            await self._refused.note_credentials(refusal, exchange_of(scope))
            raise

    def _wrong(self, kind: str, raw: bytes) -> InvalidCredentials:
        reason = "scheme" if kind == OTHER else "invalid"
        _count(kind, reason).inc()
        self._log.info("credentials refused", kind=kind, reason=reason, key_prefix=beginning(raw))
        return InvalidCredentials(headers=CHALLENGES_TO[kind])

    def _lacking(self, permission: str, exchange: Exchange) -> EsteioError:
        if exchange.principal.anonymous:
            _count("none", "missing").inc()
            return Unauthenticated(headers=CHALLENGES)
        _count("permission", permission).inc()
        return Forbidden(f"This needs the permission {permission}.")


@cache
def _count(kind: str, reason: str) -> Counter:
    return refusals().labels(kind, reason)


def shown(headers: Mapping[bytes, bytes]) -> tuple[str, bytes] | None:
    """What the caller shows of itself: its kind and the credential."""
    raw = headers.get(b"x-api-key")
    if raw is not None:
        return KEY, raw
    value = headers.get(b"authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(b" ")
    raw = token.strip()
    return (TOKEN if scheme.lower() == b"bearer" and raw else OTHER), raw


def _may(principal: Principal, permission: str) -> bool:
    return not principal.anonymous if permission == AUTHENTICATED else principal.may(permission)
