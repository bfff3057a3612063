"""What every refusal looks like, whatever refuses."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import httpx

from esteio.http.openapi import statuses
from esteio.http.routing import Operation

MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "success",
    "version",
    "timestamp",
    "request_id",
    "trace_id",
    "data",
    "warnings",
    "links",
    "errors",
}
ERROR_MEMBERS = {"code", "message", "field", "pointer", "severity"}

_INSIDES = re.compile(
    r"Traceback|\bFile \"|\.py\b|/src/|site-packages|\bSELECT\b|\bINSERT INTO\b|\bUPDATE\b.*\bSET\b|asyncpg|sqlalchemy"
    r"|pydantic|starlette|postgres|valkey|est_(live|test|refresh)_[0-9A-Za-z]{8}|\$argon2",
    re.IGNORECASE,
)
"""What a caller must never be shown of how the house is built."""


def problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The body of a refusal, after everything that http.md asks of it was checked."""
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert set(body) == MEMBERS
    assert (body["status"], body["success"], body["links"]) == (status, False, [])
    assert body["instance"] == unquote(answer.request.url.path)[:512]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", body["trace_id"])
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert body["title"]
    assert body["detail"]
    _check_errors(body, code)
    assert not _INSIDES.search(answer.text), answer.text
    return body


def _check_errors(body: dict[str, Any], code: str | None) -> None:
    assert 1 <= len(body["errors"]) <= 20
    for error in body["errors"]:
        assert set(error) == ERROR_MEMBERS
        assert error["message"]
        assert re.fullmatch("[A-Z][A-Z0-9_]+", error["code"])
        assert error["severity"] in ("low", "medium", "high")
        assert error["pointer"] is None or error["pointer"].startswith("#/") or error["pointer"] == "#"
    assert re.fullmatch(r"https://api\.example\.org/errors/[a-z0-9-]+", body["type"])
    if code is not None:
        assert body["errors"][0]["code"] == code, body["errors"]


def documented(operation: Operation, answer: httpx.Response) -> None:
    """The operation's OpenAPI description foresees this refusal."""
    assert answer.status_code in statuses(operation), f"{answer.status_code} is not documented"
