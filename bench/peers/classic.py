"""The classic recipe: FastAPI, slowapi with Redis storage, three BaseHTTPMiddleware, a key check in Redis.

Generous where the recipe leaves a choice: a plain text access log, the envelope spliced around the bytes instead of
parsing them again, hiredis.
"""

import hashlib
import logging
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from prometheus_client import Counter, Histogram
from redis.asyncio import Redis
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from starlette.middleware.base import BaseHTTPMiddleware

from bench import sample
from bench.peers.fastapi_bare import LARGE_PAGE, PAGE, Pet

REDIS_URL = os.environ["BENCH_REDIS_URL"]
REQUESTS = Counter("http_requests", "Requests", ["method", "path", "status"])
SECONDS = Histogram("http_request_seconds", "Duration", ["method", "path"])
QUOTAS = "100000/second;1000000/minute"

type_next = Callable[[Request], Awaitable[Response]]
log = logging.getLogger("access")
log.addHandler(logging.StreamHandler(sys.stdout))
log.setLevel(logging.INFO)

redis = Redis.from_url(REDIS_URL)
limiter = Limiter(
    key_func=lambda request: request.state.caller,
    storage_uri=REDIS_URL.replace("unix://", "redis+unix://"),
    headers_enabled=True,
)


class RequestLog(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: type_next) -> Response:
        request.state.request_id = request.headers.get("x-request-id") or str(uuid.uuid4())
        begun = time.perf_counter()
        response = await call_next(request)
        taken = time.perf_counter() - begun
        path = request.scope["path"]
        response.headers["X-Request-ID"] = request.state.request_id
        REQUESTS.labels(request.method, path, response.status_code).inc()
        SECONDS.labels(request.method, path).observe(taken)
        log.info("%s %s %s %d %.6f", request.state.request_id, request.method, path, response.status_code, taken)
        return response


class SecurityHeaders(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: type_next) -> Response:
        response = await call_next(request)
        response.headers.update(sample.SECURITY_HEADERS)
        return response


class EnvelopeAndETag(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: type_next) -> Response:
        response = await call_next(request)
        if response.status_code != 200:
            return response
        data = b"".join([chunk async for chunk in response.body_iterator])
        tag = f'"{hashlib.sha1(data).hexdigest()}"'
        headers = dict(response.headers) | {"ETag": tag}
        del headers["content-length"]
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(self.wrap(data, request), headers=headers)

    @staticmethod
    def wrap(data: bytes, request: Request) -> bytes:
        told, request_id = datetime.now(UTC).isoformat(), request.state.request_id
        head = f'{{"success":true,"version":"2.0.0","timestamp":"{told}","request_id":"{request_id}","data":'
        tail = f',"errors":[],"warnings":[],"links":[{{"href":"{request.scope["path"]}","rel":"self"}}],"meta":{{}}}}'
        return head.encode() + data + tail.encode()


async def check_key(request: Request) -> None:
    key = request.headers.get("x-api-key")
    if not key or not (owner := await redis.hget(sample.key_name(key), "owner")):
        raise HTTPException(401, "An API key is needed", {"WWW-Authenticate": "ApiKey"})
    request.state.caller = owner.decode()


app = FastAPI()
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
app.add_middleware(EnvelopeAndETag)
app.add_middleware(SecurityHeaders)
app.add_middleware(RequestLog)


@app.get("/pets", dependencies=[Depends(check_key)])
@limiter.limit(QUOTAS)
async def pets(request: Request, response: Response) -> list[Pet]:
    return PAGE


@app.get("/pets-200", dependencies=[Depends(check_key)])
@limiter.limit(QUOTAS)
async def large_page(request: Request, response: Response) -> list[Pet]:
    return LARGE_PAGE
