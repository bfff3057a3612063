"""Every refusal and failure that a caller may meet, as one tree.

    EsteioError
    ├── BadRequest            400   ├── MalformedJson · InvalidCursor
    ├── Unauthenticated       401   └── InvalidCredentials · ReusedRefreshToken
    ├── Forbidden             403
    ├── NotFound              404
    ├── MethodNotAllowed      405
    ├── Conflict              409   └── IdempotencyInProgress
    ├── Gone                  410
    ├── PreconditionFailed    412
    ├── PayloadTooLarge       413
    ├── UnsupportedMediaType  415
    ├── MisdirectedHost       421
    ├── Invalid               422   └── IdempotencyKeyReused
    ├── PreconditionRequired  428
    ├── RateLimited           429
    ├── Internal              500
    ├── Unavailable           503
    └── TimedOut              504

A service adds its own kinds by subclassing. Each kind has a page in `docs/errors/`, named by its code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with what was sent. `pointer` is a JSON Pointer fragment (RFC 6901)."""

    code: str
    message: str
    field: str | None = None
    pointer: str | None = None
    severity: Severity = "high"

    def as_dict(self) -> dict[str, str | None]:
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "pointer": self.pointer,
            "severity": self.severity,
        }


class EsteioError(Exception):
    """A refusal or failure with words for the caller and, apart from them, words for the operator.

    `detail` is shown; `operator` only reaches the log. `headers` travel with the answer. `data` is what the body's
    `data` member holds (a 412 shows the current representation); it stays `None` otherwise. `passing` says that the
    same request may be admitted later, so that no Idempotency-Key keeps the refusal.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something failed on our side"
    words: ClassVar[str] = "The request could not be completed. It is safe to try again later."
    passing: ClassVar[bool] = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        operator: str | None = None,
        data: Any = None,
    ) -> None:
        self.detail = detail or self.words
        self._errors = tuple(errors)
        self.headers = dict(headers or {})
        self.operator = operator
        self.data = data
        super().__init__(operator or self.detail)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """What is wrong, at least one entry."""
        return self._errors or (FieldError(self.code, self.detail),)

    @property
    def is_plain(self) -> bool:
        """Whether it says no more than its kind does, so that every such error has the same words."""
        return self.detail is self.words and not self._errors and self.data is None

    @classmethod
    def slug(cls) -> str:
        """The last segment of the error's `type` URL and the name of its page: `RATE_LIMITED` → `rate-limited`."""
        return cls.code.lower().replace("_", "-")


class BadRequest(EsteioError):
    code = "BAD_REQUEST"
    status = 400
    title = "The request cannot be understood"
    words = "The request is malformed."


class MalformedJson(BadRequest):
    code = "MALFORMED_JSON"
    title = "The body is not acceptable JSON"
    words = "The body is not valid JSON."


class InvalidCursor(BadRequest):
    code = "INVALID_CURSOR"
    title = "The cursor cannot be used"
    words = "The cursor is unknown, altered or belongs to another query: start again without it."


class Unauthenticated(EsteioError):
    code = "UNAUTHENTICATED"
    status = 401
    title = "Authentication is needed"
    words = "Send an API key in X-API-Key or a bearer token in Authorization."


class InvalidCredentials(Unauthenticated):
    code = "INVALID_CREDENTIALS"
    title = "The credentials are not valid"
    words = "The credentials are wrong, expired or revoked."


class ReusedRefreshToken(Unauthenticated):
    code = "REFRESH_TOKEN_REUSED"
    title = "The refresh token was used before"
    words = "This refresh token was used before; every session that came from it has ended. Log in again."


class Forbidden(EsteioError):
    code = "FORBIDDEN"
    status = 403
    title = "The caller may not do this"
    words = "The credentials lack the permission for this operation."


class NotFound(EsteioError):
    code = "NOT_FOUND"
    status = 404
    title = "There is no such resource"
    words = "There is nothing at this address."


class MethodNotAllowed(EsteioError):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    title = "The method is not supported here"
    words = "This address does not support the method; Allow lists those it does."


class Conflict(EsteioError):
    code = "CONFLICT"
    status = 409
    title = "The request conflicts with the present state"
    words = "The resource is in a state that does not allow this."


class IdempotencyInProgress(Conflict):
    code = "IDEMPOTENCY_IN_PROGRESS"
    title = "The first request with this Idempotency-Key is still running"
    words = "A request with this Idempotency-Key is still running: try again shortly to get its answer."


class Gone(EsteioError):
    code = "GONE"
    status = 410
    title = "The operation has been withdrawn"
    words = "This operation was withdrawn; Link names its successor."


class PreconditionFailed(EsteioError):
    code = "PRECONDITION_FAILED"
    status = 412
    title = "The resource has changed"
    words = "The resource is not the version that If-Match names; `data` holds the present one."


class PayloadTooLarge(EsteioError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413
    title = "The body is too large"
    words = "The body is larger than this operation accepts."


class UnsupportedMediaType(EsteioError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    title = "The body's media type is not supported"
    words = "Send the body as application/json."


class MisdirectedHost(EsteioError):
    code = "UNKNOWN_HOST"
    status = 421
    title = "The host is not served here"
    words = "The Host header names a host that is not served here."


class Invalid(EsteioError):
    code = "VALIDATION_ERROR"
    status = 422
    title = "The request has values that are not acceptable"
    words = "Some values are missing or not acceptable; `errors` names each."

    @classmethod
    def at(cls, field: str, message: str, *, code: str | None = None, where: str = "#") -> "Invalid":
        """A refusal of one named field (`files.0.path`: one inside); `where` is the pointer of what holds it."""
        return cls(errors=[FieldError(code or cls.code, message, field, f"{where}/{field.replace('.', '/')}")])


class IdempotencyKeyReused(Invalid):
    code = "IDEMPOTENCY_KEY_REUSED"
    title = "The Idempotency-Key was used for another request"
    words = "This Idempotency-Key was used with another body or address: take a new key for a new request."


class PreconditionRequired(EsteioError):
    code = "PRECONDITION_REQUIRED"
    status = 428
    title = "The request must be conditional"
    words = "Send If-Match with the ETag that you last read, so that nobody's change is lost."


class RateLimited(EsteioError):
    code = "RATE_LIMITED"
    status = 429
    title = "Too many requests"
    words = "The limit for this operation is used up: try again after the seconds in Retry-After."


class Internal(EsteioError):
    pass


class Unavailable(EsteioError):
    code = "UNAVAILABLE"
    status = 503
    title = "A part that this needs is unavailable"
    words = "A part that this operation needs is unavailable: try again after the seconds in Retry-After."

    def __init__(self, detail: str | None = None, *, retry_after: int = 5, operator: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, operator=operator)


class TimedOut(EsteioError):
    code = "TIMED_OUT"
    status = 504
    title = "The operation took too long"
    words = "The operation exceeded its time budget and was stopped; nothing was changed."


class StartRefused(Exception):
    """The process must not start: one clear sentence that names what to change. The exit code is 2."""


def kinds() -> list[type[EsteioError]]:
    """Every kind of error that has been defined so far, parents first."""
    found: list[type[EsteioError]] = []
    waiting: list[type[EsteioError]] = [EsteioError]
    while waiting:
        kind = waiting.pop(0)
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found
