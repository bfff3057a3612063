"""The contract's own OpenAPI document: valid, complete, and what is really answered."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.conftest import House
from tests.house import Served

PATH = "/quantitativointerrupcoesativas"
MEMBERS = ["idcStatusRequisicao", "desStatusRequisicao", "emailIndisponibilidade", "mensagem"]


@pytest.fixture(scope="module", params=["legacy", "v4"])
def served(house: House, request: pytest.FixtureRequest) -> Iterator[Served]:
    with house(OUTAGES__FORM=request.param, OUTAGES__PREFIX="/ws/v4") as running:
        running.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()
        yield running


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    answer = served.anonymous.get("/radar/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    """The document fits the OpenAPI Initiative's own schema of version 3.1, and each schema in it is one."""
    errors = jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document)
    assert [str(error) for error in errors] == []
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({"$schema": META, **schema}), name


def test_the_key_is_asked_everywhere(document: dict[str, Any]) -> None:
    """One scheme of the contract's name, for all operations."""
    scheme = document["components"]["securitySchemes"]["ApiKeyAuth"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "x-api-key")
    assert document["security"] == [{"ApiKeyAuth": []}]
    assert not any("security" in methods["get"] for methods in document["paths"].values())


def test_its_operations(document: dict[str, Any], served: Served) -> None:
    """It has exactly the operations in the contract's manner, with all their statuses, where they really are."""
    under = [operation for operation in served.app.table if operation.path.startswith("/radar/")]
    theirs = {operation.path.removeprefix("/radar") for operation in under if operation.rules.manner is not None}
    assert set(document["paths"]) == theirs >= {PATH}
    assert [server["url"] for server in document["servers"]] == [
        "https://api.example.org/ws/v4",
        "https://api.example.org/radar",
    ]
    for methods in document["paths"].values():
        assert set(methods["get"]["responses"]) == {"200", "401", "403", "405", "421", "429"}
        assert methods["get"]["summary"]


def test_it_is_found_at_the_prefix_too(served: Served, document: dict[str, Any]) -> None:
    """The same document at the distributor's own place, open to everybody."""
    assert served.anonymous.get("/ws/v4/openapi.json").json() == document
    assert served.anonymous.get("/openapi.json").status_code == 404


def test_answers_fit_it(document: dict[str, Any], served: Served) -> None:
    """What is answered is valid by the schema and has its members in its order; so are the examples."""
    described = document["paths"][PATH]["get"]
    schema = document["components"]["schemas"]["RespostaRadar"]
    validator = jsonschema_rs.Draft202012Validator(schema)
    answers = [served.client.get(f"/radar{PATH}"), served.anonymous.get(f"/ws/v4{PATH}")]
    answers.append(served.client.put(f"/radar{PATH}"))
    for answer in answers:
        assert str(answer.status_code) in described["responses"]
        assert validator.is_valid(answer.json())
        assert list(answer.json()) == schema["required"] == list(schema["properties"])
    for response in described["responses"].values():
        examples = response["content"]["application/json"]["examples"]
        assert examples
        assert all(validator.is_valid(example["value"]) for example in examples.values())


def test_the_form_decides_the_members(document: dict[str, Any], served: Served) -> None:
    """V4 has no desStatusRequisicao, in the document as in the answer."""
    form = served.app.settings.services["outages"].form
    expected = [name for name in MEMBERS if form == "legacy" or name != "desStatusRequisicao"]
    assert document["components"]["schemas"]["RespostaRadar"]["required"] == [*expected, "interrupcaoFornecimento"]


def test_the_house_leaves_the_contract_to_it(served: Served) -> None:
    """The house's own documents describe problem documents, which the contract does not have."""
    for version in ("v1", "v2"):
        paths = served.anonymous.get(f"/api/{version}/openapi.json").json()["paths"]
        assert not [path for path in paths if path.endswith(PATH) or path.startswith("/radar")]


META = "https://json-schema.org/draft/2020-12/schema"
