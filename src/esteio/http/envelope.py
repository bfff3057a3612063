"""The shapes of answers, for the OpenAPI documents and for tests; the bytes are written by `answers` and `problems`."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Data = TypeVar("Data")


class LinkView(BaseModel):
    href: str = Field(examples=["/api/v2/pets/0192…"])
    rel: str = Field(examples=["self"])
    method: str = "GET"


class PaginationView(BaseModel):
    """`total`, `page` and their companions for numbered pages; `limit`, `next`, `prev` for cursors."""

    total: int | None = None
    page: int | None = None
    per_page: int | None = None
    pages: int | None = None
    has_next: bool
    has_prev: bool
    limit: int | None = None
    next: str | None = None
    prev: str | None = None


class MetaView(BaseModel):
    pagination: PaginationView | None = None


class Envelope(BaseModel, Generic[Data]):
    """A successful answer of v2. `timestamp` and `request_id` belong to the answer, the rest to the resource."""

    success: Literal[True]
    version: str = Field(examples=["2.0.0"])
    timestamp: datetime
    request_id: str
    data: Data
    errors: list[Any] = Field(max_length=0)
    warnings: list[str]
    links: list[LinkView]
    meta: MetaView


class FieldErrorView(BaseModel):
    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str
    field: str | None
    pointer: str | None
    severity: Literal["low", "medium", "high"]


class Problem(BaseModel):
    """A refusal or failure: a problem document (RFC 9457) with the members of the envelope."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["https://api.example.org/errors/validation-error"])
    title: str
    status: int
    detail: str
    instance: str
    success: Literal[False]
    version: str
    timestamp: datetime
    request_id: str
    trace_id: str
    data: Any | None
    warnings: list[str]
    links: list[LinkView]
    errors: list[FieldErrorView]
