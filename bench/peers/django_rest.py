"""Django REST framework: key authentication and two throttles on Django's Redis cache, conditional GET.

Lean: only the JSON renderer, no sessions, no database, no templates. Served as WSGI, because its views are synchronous:
under ASGI each of them would pass through a thread of a pool.
"""

import logging
import os
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import django
from django.conf import settings

from bench import sample

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[
        f"{__name__}.request_log",
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
    ],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["BENCH_REDIS_URL"],
        }
    },
    USE_TZ=True,
    LOGGING_CONFIG=None,
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_THROTTLE_RATES": {"burst": "100000/s", "sustained": "1000000/m"},
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.core.cache import cache  # noqa: E402  (importable once the settings are there)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from prometheus_client import Counter, Histogram  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.throttling import UserRateThrottle  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

REQUESTS = Counter("http_requests", "Requests", ["method", "path", "status"])
SECONDS = Histogram("http_request_seconds", "Duration", ["method", "path"])

log = logging.getLogger("access")
log.addHandler(logging.StreamHandler(sys.stdout))
log.setLevel(logging.INFO)


def request_log(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = request.headers.get("x-request-id") or str(uuid.uuid4())
        begun = time.perf_counter()
        response = get_response(request)
        taken = time.perf_counter() - begun
        response.headers["X-Request-ID"] = request.request_id
        for name, value in sample.SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        REQUESTS.labels(request.method, request.path, response.status_code).inc()
        SECONDS.labels(request.method, request.path).observe(taken)
        log.info("%s %s %s %d %.6f", request.request_id, request.method, request.path, response.status_code, taken)
        return response

    return middleware


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, str]:
        key = request.headers.get("x-api-key")
        owner = key and cache.get(sample.key_name(key))
        if not owner:
            raise AuthenticationFailed("An API key is needed")
        return SimpleNamespace(pk=owner, is_authenticated=True), key

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"


class BurstThrottle(UserRateThrottle):
    scope = "burst"


class SustainedThrottle(UserRateThrottle):
    scope = "sustained"


class PetSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    species = serializers.CharField()
    breed = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    weight_kg = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class Pets(APIView):
    authentication_classes = [KeyAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes = [BurstThrottle, SustainedThrottle]
    rows: list[Any] = []

    def get(self, request: Request) -> Response:
        envelope = {
            "success": True,
            "version": "2.0.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "request_id": request.request_id,
            "data": PetSerializer(self.rows, many=True).data,
            "errors": [],
            "warnings": [],
            "links": [{"href": request.path, "rel": "self"}],
            "meta": {},
        }
        return Response(envelope, headers={"ETag": sample.version_tag(self.rows)})


def rows(count: int) -> list[Any]:
    return [SimpleNamespace(**pet) for pet in sample.pets(count)]


urlpatterns = [path("pets", Pets.as_view(rows=rows(20))), path("pets-200", Pets.as_view(rows=rows(200)))]
app = get_wsgi_application()
