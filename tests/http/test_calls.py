"""The short way to a plain endpoint hands it what FastAPI's way does."""

import asyncio
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from esteio.http.calls import Plain, Solved, call_of


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page: int | None = Field(None, ge=1)
    name: Annotated[str, Field(max_length=5)] | None = None
    kind: Literal["a", "b"] = "a"
    born: date | None = None
    exact: bool = False


class Many(BaseModel):
    tags: list[str] = []


api = FastAPI()


@api.get("/nothing")
async def nothing() -> Response:
    return PlainTextResponse("nothing")


@api.get("/request")
async def with_request(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


@api.get("/model")
async def with_model(asked: Annotated[Asked, Query()]) -> PlainTextResponse:
    return PlainTextResponse(repr((asked, asked.model_fields_set)))


@api.get("/values/{number}")
async def with_values(
    number: Annotated[UUID, Path()],
    request: Request,
    size: Annotated[int, Query(le=9)],
    tags: Annotated[tuple[str, ...], Query()] = (),
) -> PlainTextResponse:
    return PlainTextResponse(repr((number, size, tags, request.method)))


@api.get("/both/{number}")
async def with_both(number: int, asked: Annotated[Asked, Query()]) -> PlainTextResponse:
    return PlainTextResponse(repr((number, asked)))


@api.get("/many")
async def with_many(many: Annotated[Many, Query()]) -> PlainTextResponse:
    return PlainTextResponse(repr(many))


@api.get("/header")
async def with_header(agent: Annotated[str, Header()] = "") -> PlainTextResponse:
    return PlainTextResponse(agent)


@api.get("/dependency")
async def with_dependency(found: Annotated[str, Depends(lambda: "found")]) -> PlainTextResponse:
    return PlainTextResponse(found)


@api.get("/thread")
def in_a_thread() -> PlainTextResponse:
    return PlainTextResponse("thread")


@api.get("/value")
async def a_value() -> dict[str, int]:
    return {"a": 1}


@api.post("/body")
async def with_body(asked: Asked) -> PlainTextResponse:
    return PlainTextResponse(repr(asked))


ROUTES: dict[str, Any] = {route.path: route for route in api.routes if hasattr(route, "dependant")}  # type: ignore[attr-defined]
PLAIN = ["/nothing", "/request", "/model", "/values/{number}", "/both/{number}", "/many"]
NUMBER = "6a0f5f6e-6a0f-4a0f-8a0f-6a0f5f6e6a0f"


async def called(app: Any, query: str, parameters: dict[str, str]) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/here",
        "raw_path": b"/here",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "headers": [],
        "query_string": query.encode(),
        "path_params": parameters,
        "app": api,
    }
    try:
        await app(scope, receive, send)
    except RequestValidationError as error:
        return [{name: item[name] for name in ("type", "loc", "msg")} for item in error.errors()]
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("path", ROUTES)
def test_only_plain_endpoints_go_the_short_way(path: str) -> None:
    """Whatever needs a dependency, a header, a body, a thread or a response model goes FastAPI's way."""
    assert type(call_of(ROUTES[path])) is (Plain if path in PLAIN else Solved)


@pytest.mark.parametrize(
    ("path", "parameters", "query"),
    [
        ("/nothing", {}, ""),
        ("/nothing", {}, "any=thing"),
        ("/request", {}, ""),
        ("/model", {}, ""),
        ("/model", {}, "page=2&name=Rex&kind=b&born=2020-01-31&exact=true"),
        ("/model", {}, "page=1&page=3"),
        ("/model", {}, "name="),
        ("/model", {}, "name=%C3%A7a+o&exact=1"),
        ("/model", {}, "page=0&kind=c&name=toolong&born=never"),
        ("/model", {}, "unknown=1&page=2"),
        ("/model", {}, "unknown=1&unknown=2"),
        ("/model", {}, "page"),
        ("/model", {}, "&&=&page=2"),
        ("/values/{number}", {"number": NUMBER}, "size=3&tags=x&tags=y"),
        ("/values/{number}", {"number": NUMBER}, ""),
        ("/values/{number}", {"number": "none"}, "size=10"),
        ("/both/{number}", {"number": "3"}, "page=4"),
        ("/both/{number}", {"number": "three"}, "page=none"),
        ("/many", {}, "tags=x&tags=y"),
        ("/many", {}, ""),
    ],
)
def test_both_ways_agree(path: str, parameters: dict[str, str], query: str) -> None:
    """The same values reach the endpoint; what is refused is refused for the same places and reasons."""
    route = ROUTES[path]
    short = asyncio.run(called(call_of(route), query, parameters))
    assert short == asyncio.run(called(Solved(route.app), query, parameters))
