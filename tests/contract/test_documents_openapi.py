"""The OpenAPI documents are valid, complete, and true to the rules that the gate reads."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from esteio.http.openapi import statuses
from esteio.http.routing import Operation
from esteio.webhooks.messages import NOT_SENT
from tests.contract.operations import DOCUMENTS, EVENTS, VERSIONS, described, each, name_of, resolved
from tests.house import Served

PETS_EVENTS = {"pet.created", "pet.updated", "pet.deleted", "pet.status_changed", "pet.fed"}


def described_operations(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENTS[version]["paths"].items():
        for method, said in methods.items():
            yield f"{method.upper()} {path}", said


def references(value: Any) -> Iterator[str]:
    """Every `$ref` within a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def is_described(operation: Operation) -> bool:
    return bool(described(operation))


@pytest.mark.parametrize("version", VERSIONS)
class TestDocument:
    def test_it_is_openapi_3_1(self, version: str) -> None:
        """The document fits the OpenAPI Initiative's own schema of version 3.1."""
        document = DOCUMENTS[version]
        assert document["openapi"].startswith("3.1.")
        errors = jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document)
        assert [str(error) for error in errors] == []

    def test_every_schema_is_one(self, version: str) -> None:
        """Each named schema is valid JSON Schema 2020-12."""
        for name, schema in DOCUMENTS[version]["components"]["schemas"].items():
            assert jsonschema_rs.Draft202012Validator({"$ref": META}).is_valid(schema), name

    def test_every_reference_leads_somewhere(self, version: str) -> None:
        """Nothing refers to what the document does not hold, and it holds no schema that nothing refers to."""
        document, used = DOCUMENTS[version], set(references(DOCUMENTS[version]))
        for reference in used:
            found: Any = document
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]
        assert {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} <= used

    def test_every_operation_says_what_it_is(self, version: str) -> None:
        """Each has a summary, a tag, an id of its own, and the security schemes that the house has."""
        names = set()
        for name, said in described_operations(version):
            assert said["summary"], name
            assert said["tags"], name
            assert said["operationId"] not in names
            names.add(said["operationId"])
            schemes = {scheme for choice in said["security"] for scheme in choice}
            assert schemes == {"ApiKey", "Bearer", "OAuth2"}, name
            assert schemes == set(DOCUMENTS[version]["components"]["securitySchemes"]), name

    def test_one_version_does_not_show_the_other(self, version: str) -> None:
        """A document speaks of its own version's paths; what has no version stands in the newest."""
        other = next(item for item in VERSIONS if item != version)
        paths = DOCUMENTS[version]["paths"]
        assert paths
        assert not [path for path in paths if path.startswith(f"/api/{other}/")]
        if version == "v1":
            assert all(path.startswith("/api/v1/") for path in paths)

    def test_it_is_what_the_house_serves(self, served: Served, version: str) -> None:
        """The served document is the one that is tested here, with the public address."""
        answer = served.anonymous.get(f"/api/{version}/openapi.json")
        assert answer.json() == DOCUMENTS[version]
        assert answer.json()["servers"] == [{"url": "https://api.example.org"}]


class TestOperation:
    @each(lambda operation: operation.is_api and "openapi.json" not in operation.path)
    def test_every_api_operation_is_described(self, operation: Operation) -> None:
        """No operation of the API is missing from the documents."""
        assert is_described(operation)

    @each(is_described)
    def test_every_refusal_is_described(self, operation: Operation) -> None:
        """Each status that the rules lead to stands there as a problem document."""
        answers = described(operation)["responses"]
        for status in statuses(operation):
            content = answers[str(status)]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert [status for status in answers if status[0] == "2"]

    @each(is_described)
    def test_credentials_are_asked_where_a_permission_is(self, operation: Operation) -> None:
        """An operation may be called without credentials exactly where it asks for no permission."""
        said = described(operation)
        assert ({} in said["security"]) == (operation.rules.permission is None)
        assert said.get("x-permission") == operation.rules.permission

    @each(lambda operation: operation.takes_json)
    def test_bodies_give_examples(self, operation: Operation) -> None:
        """A body names its shape, refuses unknown members, and shows an example of a member at least."""
        schema = described(operation)["requestBody"]["content"]["application/json"]["schema"]
        body = resolved(next((item for item in schema.get("anyOf", ()) if "$ref" in item), schema))
        assert body["additionalProperties"] is False
        written = str(body["properties"])
        assert re.search("examples|enum|default", written), name_of(operation)

    @each(lambda operation: operation.rules.deprecation is not None)
    def test_what_is_deprecated_says_until_when(self, operation: Operation) -> None:
        """`deprecated` and `x-sunset` stand with the operation, and the fields that its answers carry."""
        said, deprecation = described(operation), operation.rules.deprecation
        assert deprecation is not None
        assert said["deprecated"] is True
        assert said["x-sunset"] == deprecation.sunset.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert {"Deprecation", "Sunset", "Link"} <= set(said["responses"]["200"]["headers"])

    def test_nothing_else_is_deprecated(self) -> None:
        """Only what the rules say is marked."""
        for version in VERSIONS:
            marked = [name for name, said in described_operations(version) if said.get("deprecated")]
            assert marked == (["GET /api/v1/pets/search", "POST /api/v1/execute"] if version == "v1" else [])

    @each(lambda operation: operation.rules.idempotent or operation.rules.precondition != "none")
    def test_conditions_are_parameters(self, operation: Operation) -> None:
        """If-Match and Idempotency-Key stand among the parameters, required where they are."""
        headers = {item["name"]: item for item in described(operation)["parameters"] if item["in"] == "header"}
        assert ("Idempotency-Key" in headers) == operation.rules.idempotent
        assert ("If-Match" in headers) == (operation.rules.precondition != "none")
        if "If-Match" in headers:
            assert headers["If-Match"]["required"] == (operation.rules.precondition == "required")


class TestWebhooks:
    def test_all_facts_are_described(self) -> None:
        """The newest version has a webhook for each fact that is sent, with its name and its data."""
        webhooks = DOCUMENTS["v2"]["webhooks"]
        assert set(webhooks) == EVENTS - NOT_SENT > PETS_EVENTS
        for name, methods in webhooks.items():
            schema = resolved(methods["post"]["requestBody"]["content"]["application/json"]["schema"])
            assert schema["properties"]["type"]["const"] == name
            assert set(schema["required"]) == {"type", "timestamp", "data"}
        assert DOCUMENTS["v1"]["webhooks"] == {}


META = "https://json-schema.org/draft/2020-12/schema"
