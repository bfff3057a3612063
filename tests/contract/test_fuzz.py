"""Requests made from the OpenAPI documents meet no failure and no answer that the documents do not foresee."""

from collections.abc import Iterator

import pytest
import schemathesis
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from esteio.standins.fakestore import running_fakestore
from esteio.standins.mercadopago import SECRET, TOKEN, running_mercadopago
from tests.conftest import House
from tests.contract.operations import MAILS
from tests.house import ADMIN_KEY, Served

SEED = 20_261_121
SECONDS = {"v1": 7, "v2": 25}
ROUNDS = 4
"""A machine so busy that the time is over before each operation was tried gets twice as much, and so on."""

SEMANTIC = ["400", "410", "412", "422"]
"""Refusals of requests that a schema cannot know to be wrong: a condition that does not hold, a cursor that was not
written here, a permission, plan or role that does not exist, a page that is asked for in two ways."""

schemathesis.serializer.alias("application/x-ndjson", "application/octet-stream")


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house without limits: the fuzzer calls `PUT /api/v2/limits/default` too, and would lock itself out.

    Nothing else is left out; streams end after a second. The administrator's key is one of the environment, which no
    operation can revoke.
    """
    settings = {"LIMITS__ENABLED": "false", "TELEMETRY__ACCESS_LOG": "false", "REALTIME__LIFETIME_SECONDS": "1"}
    settings |= MAILS
    with running_fakestore() as shop, running_mercadopago() as market:
        parties = {
            "STORE__UPSTREAM_URL": shop.url,
            "PETSTORY__MERCADOPAGO_URL": market.url,
            "PETSTORY__MERCADOPAGO_ACCESS_TOKEN": TOKEN,
            "PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": SECRET,
        }
        with house(**settings, **parties) as running:
            running.pet()
            yield running


def configured(served: Served, seconds: int) -> schemathesis.Config:
    accepted = ["2xx", "3xx", "401", "403", "404", "409", "429", *SEMANTIC]
    return schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "max-time": seconds,
            "request-timeout": 30,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "base-url": served.url,
            "headers": {"X-API-Key": ADMIN_KEY},
            "generation": {"max-examples": 4, "no-shrink": True, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": accepted},
                # A condition that is missing is 428 (RFC 6585), which the check does not know.
                "missing_required_header": {"expected-statuses": ["400", "401", "403", "422", "428"]},
            },
        }
    )


def failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info is not None:
                yield f"{recorder.label}: {check.name}\n{check.failure_info.failure}\n{check.failure_info.code_sample}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_no_failure_and_no_undocumented_answer(served: Served, version: str) -> None:
    """Whatever a document allows or forbids, its operations never fail, and answer with the statuses, types, headers
    and shapes that it names."""
    document = served.anonymous.get(f"/api/{version}/openapi.json").json()
    print(f"seed {SEED}")
    operations = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    tested: set[str] = set()
    for number in range(ROUNDS):
        config = configured(served, SECONDS[version] * 2**number)
        found = fuzzed(schemathesis.openapi.from_dict(document, config=config), tested)
        assert not found, "\n\n".join(dict.fromkeys(found))
        if operations <= tested:
            break
    assert operations <= tested


def fuzzed(schema: schemathesis.BaseSchema, tested: set[str]) -> list[str]:
    """What was found wrong; the operations that were tried are added to `tested`."""
    found: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found += failures(event.recorder)
            if event.recorder.interactions:
                tested.add(event.recorder.label)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.append(f"the fuzzer failed: {event}")
    return found
