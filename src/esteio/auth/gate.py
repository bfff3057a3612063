"""Fourth step: who is calling, and whether they may.

What is wrong with the caller is written to `exchange.refusal` and raised by the next step, after it has charged the
caller's limit: so refusals are limited too.
"""

from functools import cache

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from esteio.auth.audit import Refusals
from esteio.auth.credentials import Credentials
from esteio.auth.keys import beginning
from esteio.auth.proof import comes_from
from esteio.auth.prover import Prover
from esteio.base.errors import EsteioError, Forbidden, InvalidCredentials, Unauthenticated
from esteio.base.principal import Principal
from esteio.http.exchange import Exchange, exchange_of
from esteio.http.rules import AUTHENTICATED
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import refusals
from esteio.telemetry.sparse import SparseLog

CHALLENGES = {"WWW-Authenticate": 'ApiKey realm="esteio", Bearer realm="esteio"'}
WRONG_KEY = {"WWW-Authenticate": 'ApiKey realm="esteio"'}
WRONG_TOKEN = {"WWW-Authenticate": 'Bearer realm="esteio", error="invalid_token"'}


class Identify:
    """Proves the caller from `X-API-Key`, else from `Authorization: Bearer`; without either it stays anonymous.

    Wrong credentials are refused on public routes too. Quiet operations outside `/api` (probes) are not asked about
    unless they declare a permission.
    """

    def __init__(self, app: ASGIApp, *, credentials: Credentials, prover: Prover, refused: Refusals) -> None:
        self.app = app
        self._credentials = credentials
        self._fresh = credentials.fresh
        self._prover = prover
        self._refused = refused
        self._log = SparseLog(log("esteio.auth"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        operation = exchange.operation
        if operation is None or (operation.rules.quiet and operation.rules.permission is None and not operation.is_api):
            await self.app(scope, receive, send)
            return
        headers = exchange.headers
        raw = headers.get(b"x-api-key")
        if raw is not None:
            await self._take("key", raw, exchange)
        elif b"authorization" in headers:
            await self._by_authorization(headers[b"authorization"], exchange)
        permission = operation.rules.permission
        if permission is not None and exchange.refusal is None and not _may(exchange.principal, permission):
            exchange.refusal = self._lacking(permission, exchange)
        try:
            await self.app(scope, receive, send)
        except Forbidden as refusal:
            await self._refused.note(refusal, exchange)
            raise

    async def _by_authorization(self, value: bytes, exchange: Exchange) -> None:
        scheme, _, token = value.partition(b" ")
        raw = token.strip()
        if scheme.lower() != b"bearer" or not raw:
            exchange.refusal = self._wrong("authorization", raw, "scheme", CHALLENGES)
            return
        await self._take("token", raw, exchange)

    async def _take(self, kind: str, raw: bytes, exchange: Exchange) -> None:
        proof = self._fresh(raw)
        if proof is None and not self._credentials.refused(raw):
            try:
                proof = await (self._prover.by_key(raw) if kind == "key" else self._prover.by_bearer(raw))
            except EsteioError as error:
                exchange.refusal = error
                return
        if proof is None:
            exchange.refusal = self._wrong(kind, raw, "invalid", WRONG_KEY if kind == "key" else WRONG_TOKEN)
            return
        exchange.principal = proof.principal
        if proof.networks and not comes_from(exchange.address, proof.networks):
            _count(kind, "network").inc()
            exchange.refusal = Forbidden("The credentials may not be used from this address.")

    def _wrong(self, kind: str, raw: bytes, reason: str, challenge: dict[str, str]) -> InvalidCredentials:
        _count(kind, reason).inc()
        self._log.info("credentials refused", kind=kind, reason=reason, key_prefix=beginning(raw))
        return InvalidCredentials(headers=challenge)

    def _lacking(self, permission: str, exchange: Exchange) -> EsteioError:
        if exchange.principal.anonymous:
            _count("none", "missing").inc()
            return Unauthenticated(headers=CHALLENGES)
        _count("permission", permission).inc()
        return Forbidden(f"This needs the permission {permission}.")


@cache
def _count(kind: str, reason: str) -> Counter:
    return refusals().labels(kind, reason)


def _may(principal: Principal, permission: str) -> bool:
    return not principal.anonymous if permission == AUTHENTICATED else principal.may(permission)
