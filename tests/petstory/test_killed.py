"""Processes that are killed at the worst moments: nothing is paid, drawn, given back or mailed twice, or lost."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from esteio.services.petstory.jobs.make_book import FOLDER
from esteio.services.petstory.tasks import MEND, SweepOrder
from esteio.standins.gemini import Painter
from esteio.standins.mercadopago.running import TOKEN
from tests.house import ADMIN_KEY, eventually
from tests.petstory.deployment import SLOW, Deployment, Journey, deployed, staffed
from tests.petstory.halting import Moment, halted
from tests.petstory.shop import picture
from tests.worker.processes import Running

PRICE = Decimal("47.00")
PICTURE = "/v1/models/gemini-nano-banana-2.1:generateContent"
COMPILER = "esteio.services.petstory.book.compiling"
ADMIN = {"X-API-Key": ADMIN_KEY}
Make = Callable[[], str]

DRAWN = Moment("arts", "NEW.state = 'drawn'")
MOMENTS = {
    "a picture was drawn": DRAWN,
    "the payment was read": Moment("payment_events", "true", "INSERT"),
    "the order is made from now on": Moment("orders", "OLD.state = 'paid' AND NEW.state = 'producing'"),
    "the story was told": Moment("orders", "OLD.story IS NULL AND NEW.story IS NOT NULL"),
    "the book was set": Moment("orders", "NEW.state = 'produced' AND OLD.state = 'producing'"),
    "the mail is about to go": Moment("mails", "NEW.state = 'handing_over'"),
    "the mail was taken": Moment("mails", "NEW.state = 'sent'"),
}
"""Just before this was written down."""

TAKEN = "the mail was taken"
seeds = iter(range(1, 250))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes put what they need for a moment."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def running(new_database: Make, new_redis: Make, files: Path, temporary: Path) -> Iterator[Deployment]:
    with deployed(new_database, new_redis, files, painted=True, FILES__TEMP_DIR=str(temporary)) as shop:
        yield shop


@pytest.fixture(scope="module")
def staff(running: Deployment) -> Iterator[Running]:
    with staffed(running) as found:
        yield found


@pytest.fixture
def shop(running: Deployment) -> Deployment:
    painter(running).reset()
    running.sink.fault("none")
    running.market.fault("none")
    return running


def painter(shop: Deployment) -> Painter:
    assert shop.gemini is not None
    return shop.gemini


def pictures_asked(shop: Deployment) -> int:
    return len([asked for asked in painter(shop).requests() if asked["kind"] == "image"])


def preferences_of(order: Journey) -> int:
    """How many there are of it at Mercado Pago."""
    answer = httpx.get(
        f"{order.shop.market.url}/checkout/preferences/search",
        params={"external_reference": str(order.id)},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    return int(answer.json()["total"])


def killed(staff: Running) -> None:
    """All working processes at once, as by the system when memory is short; others take their places."""
    before = staff.pids
    staff.kill()
    eventually(lambda: staff.pids and not staff.pids & before, SLOW, every=0.1)


def walked(order: Journey, *ends: str) -> dict[str, Any]:
    """All the way, as its customer goes it."""
    order.payable()
    order.pay()
    return order.becomes(*ends)


def paid_once(order: Journey) -> None:
    """One payment, one preference, one event, one amount."""
    assert order.received() == PRICE
    assert (len(order.rows("payments")), len(order.rows("payment_events")), preferences_of(order)) == (1, 1, 1)


@pytest.mark.parametrize("name", MOMENTS)
def test_a_killed_worker_does_nothing_twice(shop: Deployment, staff: Running, name: str) -> None:
    """At whichever step its worker is killed, an order is paid, drawn and mailed once, and comes to a good end.

    Only where the mail server has the mail and nobody lived to write that down is the order's mail called
    unconfirmed, which its customer sees; it is not sent again by itself.
    """
    order = shop.begin(picture(next(seeds)))
    with ThreadPoolExecutor(1) as pool:
        with halted(order, MOMENTS[name]) as halt:
            walk = pool.submit(walked, order, "emailed", "email_failed")
            halt.reached()
            killed(staff)
        end = walk.result(SLOW)
    unsure = ("email_failed", "UNCONFIRMED") if name == TAKEN else ("emailed", None)
    assert (end["state"], end["reason"]) == unsure
    paid_once(order)
    assert pictures_asked(shop) == 1
    assert [row["state"] for row in order.rows("arts")] == ["drawn"]
    assert len(order.mails()) == 1 and len(order.rows("mails")) == 1
    assert order.rows("refunds") == [] and end["book"] is not None
    told = order.facts()
    assert [told.count(state) for state in ("preview_ready", "paid", "producing", "produced")] == [1, 1, 1, 1]


def test_a_worker_killed_while_gemini_draws_asks_again(shop: Deployment, staff: Running) -> None:
    """Where no answer had come there is nothing to find: it is asked again, and both are counted as spent."""
    painter(shop).fault("hang")
    order = shop.begin(picture(next(seeds)))
    order.preview()
    eventually(lambda: painter(shop).calls(PICTURE) == 1, SLOW)
    killed(staff)
    painter(shop).fault("none")
    order.becomes("preview_ready")
    spent = shop.sql("SELECT spent FROM petstory_orders WHERE id = $1", order.id)[0]["spent"]
    assert (pictures_asked(shop), spent) == (1, Decimal("0.08"))


def test_a_worker_killed_while_a_book_is_set(shop: Deployment, staff: Running, temporary: Path) -> None:
    """The book is made by another, once; what the killed one left behind is gone after the next book."""
    order = shop.begin(picture(next(seeds)))
    order.payable()
    order.pay()
    child = eventually(lambda: compiling(staff), SLOW, every=0.005)
    child.suspend()
    left = Path(child.cwd())
    assert left.parent == temporary and left.name.startswith(FOLDER)
    killed(staff)
    child.kill()
    order.becomes("emailed")
    assert len(order.mails()) == 1 and order.facts().count("produced") == 1
    aged(left)
    next_one = shop.begin(picture(next(seeds)))
    walked(next_one, "emailed")
    assert not left.exists()


def compiling(staff: Running) -> psutil.Process | None:
    """The process that sets a book just now."""
    for process in psutil.Process(staff.process.pid).children(recursive=True):
        try:
            if COMPILER in process.cmdline():
                return process
        except psutil.NoSuchProcess:
            continue
    return None


def aged(folder: Path) -> None:
    """As if it had lain there for a day."""
    day_ago = time.time() - 86_400
    os.utime(folder, (day_ago, day_ago))


def test_a_mail_that_nobody_heard_of_is_not_sent_again_by_itself(shop: Deployment, staff: Running) -> None:
    """The server keeps the mail and never says so: killed there, the order shows it, and no second mail is sent."""
    order = shop.begin(picture(next(seeds)))
    shop.sink.next("hang_kept")
    order.payable()
    order.pay()
    eventually(order.mails, SLOW, every=0.1)
    killed(staff)
    assert order.becomes("email_failed")["reason"] == "UNCONFIRMED"
    assert len(order.mails()) == 1


def test_a_mail_that_was_lost_is_sent_again_when_asked_for(shop: Deployment, staff: Running) -> None:
    """The server has not kept it, which nobody can know: the customer asks once more, and then has one mail."""
    order = shop.begin(picture(next(seeds)))
    shop.sink.next("hang_end")
    order.payable()
    order.pay()
    eventually(lambda: [mail for mail in order.rows("mails") if mail["state"] == "handing_over"], SLOW, every=0.05)
    killed(staff)
    order.becomes("email_failed")
    assert order.mails() == []
    assert order.ask("POST", "/mail").status_code == 202
    order.becomes("emailed")
    assert len(order.mails()) == 1


def test_a_worker_killed_after_a_refund_gives_nothing_back_twice(shop: Deployment, staff: Running) -> None:
    """Mercado Pago has given it back and nobody lived to note it: the repeated call gives nothing more."""
    order = shop.begin(picture(next(seeds)))
    walked(order, "emailed")
    with halted(order, Moment("refunds", "NEW.state = 'done'")) as halt:
        path = f"/api/v2/petstory/admin/orders/{order.id}/refund"
        answer = shop.client.post(path, json={"reason": "a test"}, headers=ADMIN)
        assert answer.status_code == 202, answer.text
        halt.reached()
        killed(staff)
    order.becomes("refunded")
    # The notice of what was given back may come before the call is repeated.
    eventually(lambda: [row["state"] for row in order.rows("refunds")] == ["done"], SLOW)
    [payment] = [one for one in shop.market.payments() if one["external_reference"] == str(order.id)]
    assert [refund["amount"] for refund in payment["refunds"]] == [PRICE]
    assert order.received() == 0


def test_a_killed_api_makes_no_second_checkout(shop: Deployment, staff: Running) -> None:
    """The API dies between Mercado Pago's answer and its own: who asks again gets the same preference."""
    order = shop.begin(picture(next(seeds)))
    order.payable()
    with ThreadPoolExecutor(1) as pool:
        with halted(order, Moment("checkouts", "NEW.url IS NOT NULL")) as halt:
            lost = pool.submit(order.ask, "POST", "/checkout")
            halt.reached()
            for process in shop.api.workers():
                process.kill()
        with pytest.raises(httpx.HTTPError):
            lost.result(SLOW)
    eventually(lambda: ready(shop), SLOW, every=0.1)
    order.pay()
    order.becomes("emailed")
    paid_once(order)


def ready(shop: Deployment) -> bool:
    try:
        return shop.client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def test_a_job_that_kills_three_workers_is_given_up_and_its_order_says_so(shop: Deployment, staff: Running) -> None:
    """R3: it is a dead letter then, and the order it worked for does not wait for ever: its customer sees it failed."""
    painter(shop).fault("hang")
    order = shop.begin(picture(next(seeds)))
    order.preview()
    for number in range(1, 4):
        eventually(lambda number=number: painter(shop).calls(PICTURE) == number, SLOW, every=0.1)
        killed(staff)
    [art] = order.rows("arts")
    query = "SELECT outcome, error->>'code' AS code FROM jobs WHERE payload->>'art' = $1"
    dead = {"outcome": "failed", "code": "JOB_WORKER_LOST"}
    eventually(lambda: shop.sql(query, str(art["id"])) == [dead], SLOW, every=0.1)
    assert order.state == "preview_queued"
    shop.sql("UPDATE petstory_orders SET updated_at = now() - interval '10 minutes' WHERE id = $1", order.id)
    shop.have_done(MEND, SweepOrder())
    assert order.becomes("preview_failed")["reason"] == "JOB_LOST"
    painter(shop).fault("none")
    walked(order, "emailed")
    paid_once(order)
