"""Litestar with its own rate-limit middleware on its Redis store, and a key check in Redis.

Its own means throughout: msgspec structs, an authentication middleware, application-level response headers, one pure
ASGI middleware for request id, access log and metrics.
"""

import logging
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import AbstractAuthenticationMiddleware, ASGIMiddleware, AuthenticationResult
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.redis import RedisStore
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram
from redis.asyncio import Redis

from bench import sample

REDIS_URL = os.environ["BENCH_REDIS_URL"]
REQUESTS = Counter("http_requests", "Requests", ["method", "path", "status"])
SECONDS = Histogram("http_request_seconds", "Duration", ["method", "path"])

log = logging.getLogger("access")
log.addHandler(logging.StreamHandler(sys.stdout))
log.setLevel(logging.INFO)
redis = Redis.from_url(REDIS_URL)


class Pet(msgspec.Struct):
    id: uuid.UUID
    name: str
    species: str
    breed: str | None
    status: str
    weight_kg: float | None
    created_at: datetime
    updated_at: datetime
    version: int


class Link(msgspec.Struct):
    href: str
    rel: str = "self"


class Envelope(msgspec.Struct):
    timestamp: datetime
    request_id: str
    data: list[Pet]
    links: list[Link]
    success: bool = True
    version: str = "2.0.0"
    errors: list[str] = []
    warnings: list[str] = []
    meta: dict[str, Any] = {}


PAGE = [Pet(**pet) for pet in sample.pets(20)]
LARGE_PAGE = [Pet(**pet) for pet in sample.pets(200)]


class RequestLog(ASGIMiddleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request_id = Request(scope).headers.get("x-request-id") or str(uuid.uuid4())
        scope["state"]["request_id"] = request_id
        begun = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message)["X-Request-ID"] = request_id
            await send(message)

        await next_app(scope, receive, send_with_id)
        taken = time.perf_counter() - begun
        REQUESTS.labels(scope["method"], scope["path"], status).inc()
        SECONDS.labels(scope["method"], scope["path"]).observe(taken)
        log.info("%s %s %s %d %.6f", request_id, scope["method"], scope["path"], status, taken)


class KeyCheck(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:
        key = connection.headers.get("x-api-key")
        if not key or not (owner := await redis.hget(sample.key_name(key), "owner")):
            raise NotAuthorizedException("An API key is needed", headers={"WWW-Authenticate": "ApiKey"})
        return AuthenticationResult(user=owner.decode(), auth=key)


def limit(unit: Any, quota: int, store: str) -> Any:
    return RateLimitConfig((unit, quota), identifier_for_request=lambda request: request.user, store=store).middleware


def answer(request: Request, rows: list[Pet]) -> Response[Envelope | None]:
    tag = sample.version_tag(rows)
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers={"ETag": tag})
    links = [Link(request.scope["path"])]
    envelope = Envelope(datetime.now(UTC), request.scope["state"]["request_id"], rows, links)
    return Response(envelope, headers={"ETag": tag})


@get("/pets")
async def pets(request: Request) -> Response[Envelope | None]:
    return answer(request, PAGE)


@get("/pets-200")
async def large_page(request: Request) -> Response[Envelope | None]:
    return answer(request, LARGE_PAGE)


def store(name: str) -> RedisStore:
    return RedisStore(redis, namespace=name)


app = Litestar(
    [pets, large_page],
    middleware=[RequestLog(), KeyCheck, limit("second", 100_000, "burst"), limit("minute", 1_000_000, "sustained")],
    stores={"burst": store("burst"), "sustained": store("sustained")},
    response_headers=sample.SECURITY_HEADERS,
    openapi_config=None,
    logging_config=None,
)
