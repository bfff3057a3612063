"""The one place where errors become answers: problem documents (RFC 9457) that are also the envelope."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from esteio.base import errors
from esteio.base.errors import EsteioError, FieldError, Internal, Invalid, PreconditionFailed
from esteio.http.answers import dumps
from esteio.http.etags import row_etag
from esteio.http.exchange import Exchange, Headers, Reply
from esteio.http.pages import PageFrame, error_page, page_tongue, wants_page
from esteio.telemetry.logs import log

PROBLEM: tuple[bytes, bytes] = (b"content-type", b"application/problem+json")
MAX_ERRORS = 20
_BY_STATUS: dict[int, type[EsteioError]] = {
    400: errors.BadRequest,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    409: errors.Conflict,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
    422: errors.Invalid,
}


class Problems:
    """Renders an error for the caller and writes what the operator needs to the log."""

    def __init__(
        self, *, base: str, version: str, stamp: Callable[[], bytes], name: str = "Esteio", console: bool = False
    ) -> None:
        self._base = base.rstrip("/")
        self._frame = PageFrame(name=name, base=urlsplit(self._base).path, console=console)
        self._stamp = stamp
        self._middle = b',"success":false,"version":' + dumps(version) + b',"timestamp":"'
        self._kept: dict[type[EsteioError], tuple[bytes, bytes, bytes]] = {}
        self._log = log("esteio.http")

    def reply(self, error: BaseException, exchange: Exchange) -> Reply:
        """Answer with the error. Nothing of its cause but its words leaves."""
        refusal = self.known(error)
        if exchange.manner is not None:
            return exchange.manner.reply(refusal, exchange)
        body, headers = self._told(refusal, exchange)
        headers.append((b"cache-control", b"no-store"))
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
        if isinstance(refusal, PreconditionFailed) and hasattr(refusal.data, "version"):
            headers.append((b"etag", row_etag(refusal.data.version).encode()))
        return exchange.reply(refusal.status, headers, body)

    def _told(self, refusal: EsteioError, exchange: Exchange) -> tuple[bytes, Headers]:
        """A page for a browser outside `/api`, else the problem document."""
        page = exchange.operation is None or not exchange.operation.is_api
        if not page or exchange.path.startswith("/api") or not wants_page(exchange.headers, refusal.status):
            return self.body(refusal, exchange), [PROBLEM]
        tongue, repeatable = page_tongue(exchange.headers), exchange.method in ("GET", "HEAD")
        body = error_page(refusal, exchange.request_id, self._frame, tongue=tongue, repeatable=repeatable)
        return body, [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-language", tongue.encode()),
            (b"vary", b"Accept, Accept-Language"),
        ]

    def body(self, error: EsteioError, exchange: Exchange) -> bytes:
        """The problem document of an error."""
        words, data, end = self._fixed(error)
        return b"".join(
            (
                words,
                b',"instance":',
                dumps(exchange.path[:512]),
                self._middle,
                self._stamp(),
                b'","request_id":"',
                exchange.request_id.encode(),
                b'","trace_id":"',
                exchange.trace_id.encode(),
                b'","data":',
                data,
                b',"warnings":',
                dumps(exchange.warnings),
                end,
            )
        )

    def again(self, stored: bytes, exchange: Exchange) -> bytes:
        """A problem that was answered before, as the answer of this request: its ids and time are the present ones."""
        fresh = {
            "timestamp": self._stamp().decode(),
            "request_id": exchange.request_id,
            "trace_id": exchange.trace_id,
            "warnings": exchange.warnings,
        }
        return dumps({**orjson.loads(stored), **fresh})

    def _fixed(self, error: EsteioError) -> tuple[bytes, bytes, bytes]:
        """What does not depend on the request; kept where it is the same for all errors of the kind."""
        fixed = self._kept.get(type(error)) if error.is_plain else None
        if fixed is None:
            fixed = self._written(error)
            if error.is_plain:
                self._kept[type(error)] = fixed
        return fixed

    def _written(self, error: EsteioError) -> tuple[bytes, bytes, bytes]:
        words = {
            "type": f"{self._base}/errors/{error.slug()}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
        }
        end = {"links": [], "errors": [item.as_dict() for item in error.errors[:MAX_ERRORS]]}
        return dumps(words)[:-1], dumps(error.data), b"," + dumps(end)[1:]

    def known(self, error: BaseException) -> EsteioError:
        """The error as one of the tree: what is not foreseen is logged in full and becomes a plain 500."""
        refusal = as_refusal(error)
        if refusal is None:
            self._log.error("unexpected failure", exc_info=(type(error), error, error.__traceback__))
            return Internal()
        if refusal.status >= 500 or refusal.operator:
            self._log.warning("refused", status=refusal.status, code=refusal.code, cause=refusal.operator)
        return refusal


def as_refusal(error: BaseException) -> EsteioError | None:
    """The error of the tree that says the same, or `None` for what nobody foresaw."""
    if isinstance(error, EsteioError):
        return error
    if isinstance(error, RequestValidationError):
        return Invalid(errors=field_errors(error.errors()))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _BY_STATUS.get(error.status_code, errors.BadRequest)(headers=error.headers)
    return None


def field_errors(found: Sequence[Any]) -> list[FieldError]:
    """What the validation found, at most 20, each with field and JSON pointer; never the values that were sent."""
    shown = [_field_error(item) for item in found[:MAX_ERRORS]]
    if len(found) > MAX_ERRORS:
        shown[-1] = FieldError("VALIDATION_ERROR", f"{len(found) - MAX_ERRORS + 1} further values are not acceptable.")
    return shown


def _field_error(item: dict[str, Any]) -> FieldError:
    where, *path = item["loc"]
    names = [str(part)[:100] for part in path]
    field = ".".join(names) or str(where)
    pointer = None
    if where == "body":
        pointer = "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return FieldError("VALIDATION_ERROR", _length(item) or _sentence(item["msg"]), field, pointer)


def _length(item: dict[str, Any]) -> str | None:
    """What is too short or too long, in characters where it is a text: the validation speaks of items there too."""
    bound = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}.get(item["type"])
    if bound is None or not isinstance(item.get("input"), str):
        return None
    limit = item["ctx"][bound[0]]
    return f"Write {bound[1]} {limit} character{'' if limit == 1 else 's'}"


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].upper() + text[1:300]
