"""Many demands in one call: what is valid is written together, what is not is named without what it says."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import orjson
import pytest

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served
from tests.outages.consumers import BAKERY, BASE, COUNTS, MARIA, ask, demand, new_protocol, put
from tests.outages.test_siblings import LAST_MINUTE

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(clock=TurnableClock(LAST_MINUTE), LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


def line(protocol: str, **changes: Any) -> bytes:
    return orjson.dumps(demand(protocol=protocol, **changes))


def bulk(client: httpx.Client, lines: Iterable[bytes], **headers: str) -> httpx.Response:
    return client.post(f"{BASE}/bulk", content=b"\n".join(lines), headers=NDJSON | headers, timeout=60)


def test_new_known_and_repeated(served: Served) -> None:
    """New demands are made, known ones replaced, and of several of one the last counts."""
    known, new = put(served.client), new_protocol()
    answer = bulk(served.client, [line(new), line(known, consumer=BAKERY), b"", line(new, channel=7)])
    assert answer.json()["data"] == {
        "lines": 3,
        "created": 1,
        "replaced": 1,
        "superseded": 1,
        "refused": 0,
        "refused_lines": [],
    }
    assert ask(served.client, new).json()["demanda"]["idcCanalAtendimento"] == 7
    assert ask(served.client, known).json()["demanda"]["nomeTitularUC"] == BAKERY["name"]


def test_broken_lines(served: Served) -> None:
    """Each line that cannot be is named by number and field, the others are written; no line is repeated in words."""
    good = [new_protocol() for _ in range(2)]
    lines = [
        line(good[0]),
        b'{"protocol": "' + MARIA["name"].encode(),
        line(new_protocol(), channel=13),
        line(new_protocol(), consumer=MARIA | {"cpf_cnpj": "123.456.789-09"}),
        line("a/b"),
        line(new_protocol(), opened_at="2027-01-01T00:00:00Z"),
        line(new_protocol(), opened_at="0001-01-01T00:00:00+05:00"),
        line(new_protocol(), status=1),
        b"[]",
        b'"\xff"',
        line(good[1]),
    ]
    answer = bulk(served.client, lines)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["created"], data["refused"], data["lines"]) == (2, 9, 11)
    assert [(found["line"], found["field"], found["code"]) for found in data["refused_lines"]] == [
        (2, None, "MALFORMED_JSON"),
        (3, "channel", "VALIDATION_ERROR"),
        (4, "consumer.cpf_cnpj", "VALIDATION_ERROR"),
        (5, "protocol", "VALIDATION_ERROR"),
        (6, "opened_at", "VALIDATION_ERROR"),
        (7, "opened_at", "VALIDATION_ERROR"),
        (8, "closed_at", "VALIDATION_ERROR"),
        (9, None, "VALIDATION_ERROR"),
        (10, None, "MALFORMED_JSON"),
    ]
    assert not [value for value in ("123.456", *MARIA.values()) if value in answer.text]
    assert all(ask(served.client, protocol).json()["demanda"] for protocol in good)


def test_what_is_refused_whole(served: Served) -> None:
    """Another media type, or more than 10 000 lines, are refused, and nothing of them is written."""
    protocol = new_protocol()
    assert served.client.post(f"{BASE}/bulk", json={}).status_code == 415
    assert bulk(served.client, [line(protocol)] * 10_001).status_code == 413
    assert ask(served.client, protocol).json()["demanda"] is None


def test_a_repeated_request_is_answered_again(served: Served) -> None:
    """With an Idempotency-Key the same call has one effect and one answer."""
    lines = [line(new_protocol())]
    first, again = (bulk(served.client, lines, **{"Idempotency-Key": "demands-1"}) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert again.headers["idempotency-replayed"] == "true"


def test_ten_thousand_lines(served: Served) -> None:
    """As many demands as a call may have are written at once and found by the regulator."""
    served.sql("DELETE FROM outage_demands")
    lines = [line(f"K{number:06d}", channel=number % 12 + 1) for number in range(10_000)]
    for expected in ({"created": 10_000, "replaced": 0}, {"created": 0, "replaced": 10_000}):
        began = time.monotonic()
        data = bulk(served.client, lines).json()["data"]
        print(f"10 000 demands, {expected}: {time.monotonic() - began:.2f} s")
        assert {name: data[name] for name in expected} == expected
    rows = served.client.get(COUNTS).json()["demandasDiversas"]
    assert sum(row["qtdAndamentoNoMomento"] for row in rows) == 10_000
    assert len(rows) == 12
    assert ask(served.client, "K009999").json()["demanda"]["nomeTitularUC"] == MARIA["name"]
