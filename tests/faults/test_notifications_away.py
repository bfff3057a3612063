"""Notifications of payments while an engine is away: taken in, or refused so that they are sent again."""

from collections.abc import Callable, Iterator
from time import monotonic

import httpx
import pytest

from tests.faults.conftest import Networked, Networks
from tests.faults.proxy import Mode
from tests.house import eventually
from tests.petstory.payments.test_payments_signature import signed
from tests.petstory.payments.till import HOOK

SECRET = "the-secret-of-notifications"
PATIENCE = 22.0
"""Seconds for which the sender waits."""

GIVEN = {
    "PETSTORY__MERCADOPAGO_ACCESS_TOKEN": "TEST-1",
    "PETSTORY__MERCADOPAGO_URL": "http://127.0.0.1:19999",
    "PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": SECRET,
}


@pytest.fixture(scope="module")
def paid(networks: Networks, new_database: Callable[[], str]) -> Iterator[Networked]:
    with networks(new_database(), **GIVEN) as opened:
        yield opened


def told(paid: Networked, number: int) -> httpx.Response:
    digest = signed(f"id:{number};request-id:r;ts:1;", SECRET)
    headers = {"x-signature": f"ts=1,v1={digest}", "x-request-id": "r"}
    return paid.served.anonymous.post(f"{HOOK}?data.id={number}&type=payment", headers=headers, timeout=PATIENCE)


def kept(paid: Networked, number: int) -> int:
    query = "SELECT count(*) FROM webhook_receipts WHERE sender_id LIKE $1"
    return int(paid.served.sql(query, f"payment:{number}:%")[0][0])


@pytest.mark.parametrize(("mode", "number"), [("refuse", 1), ("silent", 2)])
def test_without_the_database(paid: Networked, mode: Mode, number: int) -> None:
    """What cannot be kept is refused with 503 long before the sender gives up, and is taken when it is sent again."""
    eventually(lambda: told(paid, 9).status_code == 200)
    paid.database.set(mode)
    began = monotonic()
    answer = told(paid, number)
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
    assert monotonic() - began < 5.0
    paid.database.set("pass")
    eventually(lambda: told(paid, number).status_code == 200)
    assert kept(paid, number) == 1


@pytest.mark.parametrize(("mode", "number"), [("refuse", 3), ("silent", 4)])
def test_without_redis(paid: Networked, mode: Mode, number: int) -> None:
    """Nothing of it needs Redis: it is taken in, in time."""
    eventually(lambda: told(paid, 9).status_code == 200)
    paid.redis.set(mode)
    began = monotonic()
    assert told(paid, number).status_code == 200
    assert monotonic() - began < 3.0
    paid.redis.set("pass")
    assert kept(paid, number) == 1
