"""Every operation and what may be wrong with what it is sent: bodies, parameters, conditions."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from esteio.http.routing import Operation
from tests.conftest import House
from tests.contract.operations import (
    GIVEN_ELSEWHERE,
    address,
    body_of,
    body_schema,
    call,
    described,
    each,
    kinds_of,
    queries_of,
    resolved,
    resource_for,
    takes_json,
    typed_queries,
)
from tests.contract.problems import documented, problem
from tests.house import Served

BODY_LIMIT = 2048
QUICK = 1.0
"""Seconds for a refusal. A busy machine may delay one; of three in a row one is in time."""
SMALL = 12_000
JSON = {"Content-Type": "application/json"}
HOSTILE = {
    "broken": b"{",
    "not a number": b'{"name": NaN}',
    "infinity": b'{"name": -Infinity}',
    "beyond a double": b'{"name": 1e999}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "two values": b"{} {}",
    "depth": b"[" * 200_000 + b"]" * 200_000,
    "depth in objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "members": b"{" + b",".join(b'"k%d":0' % number for number in range(90_000)) + b"}",
    "elements": b"[" + b"0," * 90_000 + b"0]",
}
WRONG = {"Wrong": "Wr0ngValue"}
KINDRED: dict[str, Any] = {"integer": "5", "number": "5.5", "boolean": 1, "string": 5}


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house without limits, so that each operation is refused for what is tested and for nothing else."""
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


@pytest.fixture(scope="module")
def narrow(house: House) -> Iterator[Served]:
    """A house that takes bodies of 2 KiB."""
    with house(HTTP__BODY_LIMIT=str(BODY_LIMIT), TELEMETRY__ACCESS_LOG="false") as running:
        yield running


def quick(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer to the first of three calls that is in time."""
    taken = []
    for _ in range(3):
        began = time.monotonic()
        answer = ask()
        taken.append(time.monotonic() - began)
        if taken[-1] < QUICK:
            return answer
    raise AssertionError(taken)


def is_free_form(schema: dict[str, Any]) -> bool:
    """Whether it is an object whose members are the caller's own."""
    return "object" in kinds_of(schema) and "properties" not in resolved(schema)


class TestBodies:
    @each(lambda operation: operation.method not in ("GET", "HEAD") and operation.rules.body_limit is None)
    def test_413_for_an_announced_body_over_the_limit(self, narrow: Served, operation: Operation) -> None:
        """A body whose announced length is over the limit is refused before it is read."""
        limit = operation.rules.body_limit or BODY_LIMIT
        answer = call(narrow.client, operation, content=b" " * (limit + 1), headers=JSON)
        problem(answer, 413, "PAYLOAD_TOO_LARGE")
        documented(operation, answer)

    @each(takes_json)
    def test_413_for_a_streamed_body_over_the_limit(self, narrow: Served, operation: Operation) -> None:
        """A body that does not announce its length is counted as it comes."""
        chunks = iter([b" " * 1000] * 4)
        problem(call(narrow.client, operation, content=chunks, headers=JSON), 413, "PAYLOAD_TOO_LARGE")

    @each(takes_json)
    @pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
    def test_415_for_another_media_type(self, served: Served, operation: Operation, media: str) -> None:
        """Only JSON is read."""
        answer = call(served.client, operation, content=b"{}", headers={"Content-Type": media})
        problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
        documented(operation, answer)

    @each(takes_json)
    def test_400_for_what_is_no_json(self, served: Served, operation: Operation) -> None:
        """Broken, boundless and poisonous JSON is refused at once, in few words and without echo."""
        for label, body in HOSTILE.items():
            answer = quick(lambda body=body: call(served.client, operation, content=body, headers=JSON))
            assert problem(answer, 400)["errors"][0]["code"] in ("MALFORMED_JSON", "JSON_TOO_COMPLEX"), label
            assert len(answer.content) < SMALL, label
            documented(operation, answer)

    @each(takes_json)
    def test_422_for_thousands_of_unknown_members(self, served: Served, operation: Operation) -> None:
        """As many unknown members as the bounds let through are refused quickly, and few are named."""
        members = {f"member-{number}" * 3: number for number in range(1_000)}
        answer = quick(lambda: call(served.client, operation, json=members))
        problem(answer, 422, "VALIDATION_ERROR")
        assert len(answer.content) < SMALL

    @each(takes_json)
    @pytest.mark.parametrize("body", [b"null", b"true", b"0", b'"text"', b"[]", b""])
    def test_422_for_a_body_that_is_no_object(self, served: Served, operation: Operation, body: bytes) -> None:
        """JSON that is no object is not acceptable, save where the body may be left out."""
        answer = call(served.client, operation, content=body, headers=JSON)
        if body in (b"null", b"") and not described(operation)["requestBody"].get("required"):
            assert answer.status_code < 500
            return
        problem(answer, 422, "VALIDATION_ERROR")
        documented(operation, answer)

    @each(takes_json)
    def test_422_names_each_field(self, served: Served, operation: Operation) -> None:
        """A value of the wrong kind is refused at its own field, with its pointer, and never echoed."""
        for field, schema in body_schema(operation)["properties"].items():
            wrong = list(WRONG.values()) if is_free_form(schema) else WRONG
            answer = call(served.client, operation, json={**body_of(operation), field: wrong})
            errors = problem(answer, 422, "VALIDATION_ERROR")["errors"]
            assert {error["field"].partition(".")[0] for error in errors} == {field}
            assert all(error["pointer"].startswith(f"#/{field}") for error in errors)
            assert "Wr0ngValue" not in answer.text

    @each(takes_json)
    def test_422_for_values_of_a_kindred_kind(self, served: Served, operation: Operation) -> None:
        """A text that looks like a number is no number, and a number is neither truth nor text."""
        for field, schema in body_schema(operation)["properties"].items():
            for kind in kinds_of(schema) & set(KINDRED):
                answer = call(served.client, operation, json={**body_of(operation), field: KINDRED[kind]})
                assert problem(answer, 422)["errors"][0]["field"].partition(".")[0] == field

    @each(takes_json)
    def test_422_for_an_unknown_member(self, served: Served, operation: Operation) -> None:
        """A member that the operation does not know is refused, never ignored."""
        answer = call(served.client, operation, json={**body_of(operation), "no_such_member": 1})
        errors = problem(answer, 422, "VALIDATION_ERROR")["errors"]
        assert [(error["field"], error["pointer"]) for error in errors] == [("no_such_member", "#/no_such_member")]


class TestParameters:
    @each(lambda operation: any(name.endswith("_id") for name in {*operation.names} - GIVEN_ELSEWHERE))
    def test_422_for_an_id_that_is_none(self, served: Served, operation: Operation) -> None:
        """An id that is no UUID is named."""
        given = {name: "not-an-id" for name in operation.names if name != "link"}
        answer = call(served.client, operation, address(operation, **given))
        assert problem(answer, 422)["errors"][0]["field"] in operation.names

    @each(lambda operation: bool(typed_queries(operation)))
    def test_422_names_the_query_parameter(self, served: Served, operation: Operation) -> None:
        """A query parameter outside its type or closed list is refused by name."""
        required = {name: "x" for name, item in queries_of(operation).items() if item.get("required")}
        for name in typed_queries(operation):
            asked = {**required, name: "sideways'--"}
            answer = served.client.request(operation.method, address(operation), params=asked)
            assert problem(answer, 422)["errors"][0]["field"] == name
            documented(operation, answer)


class TestConditions:
    @each(lambda operation: operation.rules.precondition == "required")
    def test_428_without_a_condition(self, served: Served, operation: Operation) -> None:
        """What may be overwritten only knowingly is not overwritten without If-Match."""
        answer = served.client.request(operation.method, address(operation), json=body_of(operation))
        problem(answer, 428, "PRECONDITION_REQUIRED")
        documented(operation, answer)

    @each(lambda operation: operation.rules.precondition != "none")
    def test_412_shows_the_present_state(self, served: Served, operation: Operation) -> None:
        """A condition that does not hold changes nothing; the answer holds what is there and a tag that would do."""
        path = resource_for(served, operation)
        answer = call(served.client, operation, path, headers={"If-Match": '"999"'})
        body = problem(answer, 412, "PRECONDITION_FAILED")
        documented(operation, answer)
        assert body["data"]["version"] == 1
        assert call(served.client, operation, path, headers={"If-Match": answer.headers["etag"]}).status_code < 300

    @each(lambda operation: operation.rules.precondition != "none")
    @pytest.mark.parametrize("value", ["1", 'W/"1"', "x", '"'])
    def test_400_for_a_condition_that_is_none(self, served: Served, operation: Operation, value: str) -> None:
        """If-Match is one strong tag or a star; anything else is refused by name."""
        answer = call(served.client, operation, resource_for(served, operation), headers={"If-Match": value})
        assert problem(answer, 400)["errors"][0]["field"] == "If-Match"
        documented(operation, answer)

    @each(lambda operation: operation.rules.idempotent)
    @pytest.mark.parametrize("value", ["", '"open', "with blank", "x" * 256])
    def test_400_for_an_idempotency_key_that_is_none(self, served: Served, operation: Operation, value: str) -> None:
        """A malformed Idempotency-Key is refused by name, not left out of account."""
        answer = call(served.client, operation, headers={"Idempotency-Key": value})
        assert problem(answer, 400)["errors"][0]["field"] == "Idempotency-Key"
        documented(operation, answer)
