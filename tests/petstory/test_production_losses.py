"""What is late, lost or in the way while pictures are drawn and books are made: no money for nothing, no dead ends."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import time
from uuid import UUID

import asyncpg
import pytest
from pydantic import ValidationError

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.transaction import transaction
from esteio.files.records import find
from esteio.jobs.retention_files import FILE_PURGE, FilePurgeOrder
from esteio.jobs.tickets import Tickets
from esteio.resources import open_resources
from esteio.services.petstory import mails
from esteio.services.petstory.art.drawing import art_key
from esteio.services.petstory.jobs.make_book import FOLDER
from esteio.services.petstory.orders import locked
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import DRAW_ASKED, MAKE_BOOK, MEND, PRODUCE, OrderRef, SweepOrder
from esteio.standins.gemini import Painter, running_gemini
from esteio.worker.assembly import Workshop, open_workshop
from tests.conftest import House
from tests.files.shop import in_shop, runner_of
from tests.house import AMPLE, Served, eventually
from tests.petstory.conftest import ROOMY
from tests.petstory.factory import actor_of, object_of, paid, ran, worked
from tests.petstory.shop import Order, Shop, picture

KEY = "a-key-of-a-test"
MODEL = "gemini-nano-banana-2.1"
DONE = ("produced", "emailed", "email_failed")


@pytest.fixture(scope="module")
def gemini() -> Iterator[Painter]:
    with running_gemini(KEY) as painter:
        yield painter


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def served(
    house: House, clock: TurnableClock, gemini: Painter, temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A house whose pictures are drawn by Gemini, and which forgets soon."""
    folder = tmp_path_factory.mktemp("objects")
    settings = {
        "PETSTORY__GEMINI_API_KEY": KEY,
        "PETSTORY__GEMINI_URL": gemini.url,
        "PETSTORY__GEMINI_PRICE": "0.10",
        "PETSTORY__ART_BUDGET": "0.50",
        "PETSTORY__TRIBUTE_DAYS": "1",
        "PETSTORY__CUSTOMERS_DAYS": "1",
        "FILES__TEMP_DIR": str(temporary),
    }
    with house(clock=clock, FILES__URL=folder.as_uri(), **ROOMY, **settings) as running:
        yield running


@pytest.fixture
def atelier(served: Served, gemini: Painter) -> Shop:
    gemini.reset()
    return Shop.at(served)


def asked_for(gemini: Painter) -> int:
    return len([asked for asked in gemini.requests() if asked["kind"] == "image"])


def art_of(order: Order) -> dict[str, object]:
    [art] = order.shop.served.sql("SELECT * FROM petstory_arts WHERE order_id = $1", order.id)
    return dict(art)


def previewed(shop: Shop, *photos: bytes) -> Order:
    order = shop.with_photos(*photos, styles=["line"])
    order.preview()
    worked(shop.served)
    assert order.state == "preview_ready"
    return order


def lost(served: Served, file: object) -> None:
    """Let the object of a file be gone, its row being there."""

    async def losing(workshop: Workshop) -> None:
        found = await find(workshop.resources.database, DEFAULT_TENANT, UUID(str(file)))
        await workshop.resources.files.store.delete(found.key)

    in_shop(served, losing)


def test_who_comes_late_changes_no_picture(atelier: Shop) -> None:
    """A run that was thought dead and writes its picture when another's is kept leaves that as its row says."""
    order = previewed(atelier, picture(1))
    art = art_of(order)
    key = f"{DEFAULT_TENANT}/{art_key(art['id'], str(art['photo_sha256']), 'line', 'gemini', MODEL)}"  # type: ignore[arg-type]

    async def late(workshop: Workshop) -> None:
        async with workshop.resources.files.store.writing(key) as upload:
            await upload.write(b"another picture of the same photo")

    in_shop(atelier.served, late)
    [row] = atelier.served.sql("SELECT sha256 FROM files WHERE id = $1", art["file_id"])
    assert sha256(object_of(atelier.served, art["file_id"])).hexdigest() == row["sha256"]  # type: ignore[arg-type]


def test_a_photo_whose_object_is_lost_costs_nothing_and_is_told_at_once(atelier: Shop, gemini: Painter) -> None:
    """Nothing is set aside for what cannot be asked for, and nobody has to find out that the order waits in vain."""
    order = atelier.with_photos(picture(2), styles=["line"])
    [photo] = atelier.served.sql("SELECT file_id FROM petstory_photos WHERE order_id = $1", order.id)
    lost(atelier.served, photo["file_id"])
    order.preview()
    worked(atelier.served)
    assert (order.state, order.data["reason"]) == ("preview_failed", "PHOTO_LOST")
    assert atelier.row(order.id)["spent"] == 0 and asked_for(gemini) == 0


def test_a_picture_whose_object_is_lost_is_drawn_again(atelier: Shop, gemini: Painter) -> None:
    """The book is not made without it: the order fails and says why, and tried once more it becomes a book."""
    order = previewed(atelier, picture(3))
    before = art_of(order)["file_id"]
    lost(atelier.served, before)
    paid(order)
    worked(atelier.served)
    assert (order.state, order.data["reason"]) == ("production_failed", "PICTURE_LOST")
    ran(atelier.served, PRODUCE, OrderRef(order=order.id))
    worked(atelier.served)
    assert order.state in DONE and asked_for(gemini) == 2
    [row] = atelier.served.sql("SELECT deleted_at FROM files WHERE id = $1", before)
    assert row["deleted_at"] is not None, "the row of what is lost is over"


def test_no_book_is_made_while_a_picture_is_missing(atelier: Shop) -> None:
    """An old job that an operator lets run again makes no book of half the pictures."""
    order = previewed(atelier, picture(4), picture(5))
    paid(order)
    worked(atelier.served, but="petstory.draw_asked")
    assert atelier.row(order.id)["story"] is not None
    ran(atelier.served, MAKE_BOOK, OrderRef(order=order.id))
    assert order.state == "producing" and atelier.row(order.id)["book_id"] is None
    worked(atelier.served, again=True)
    assert order.state in DONE


def test_a_paid_book_outlasts_an_outage(atelier: Shop, gemini: Painter) -> None:
    """Whoever draws may be away for hours: the tries grow rarer, and the order is not given up after minutes."""
    order = previewed(atelier, picture(6), picture(7))
    gemini.next({"outcome": "overloaded", "kind": "image", "times": 10})
    paid(order)
    for _ in range(9):
        worked(atelier.served, again=True)
    [ticket] = atelier.served.sql(
        "SELECT extract(epoch FROM t.due_at - now()) AS rest FROM job_tickets t JOIN jobs j ON j.id = t.job_id "
        "WHERE j.payload->>'order' = $1",
        str(order.id),
    )
    assert order.state == "producing" and ticket["rest"] > 600
    for _ in range(3):
        worked(atelier.served, again=True)
    assert order.state in DONE
    rests = [DRAW_ASKED.retry.rest(tried) or 0.0 for tried in range(1, DRAW_ASKED.retry.most)]
    assert sum(rests) > 3 * 3600


def test_a_preview_is_given_up_sooner(atelier: Shop, gemini: Painter) -> None:
    """Its customer waits for it, and may ask again."""
    gemini.next({"outcome": "overloaded", "kind": "image", "times": 10})
    order = atelier.with_photos(picture(8), styles=["line"])
    order.preview()
    for _ in range(8):
        worked(atelier.served, again=True)
    assert (order.state, order.data["reason"]) == ("preview_failed", "BUSY")


def test_previews_leave_what_the_book_needs(atelier: Shop) -> None:
    """Who asks for one preview after the other is stopped before there is nothing left for the book that is paid."""
    order = atelier.with_photos(picture(20), picture(21), picture(22), styles=["line"])
    for number in range(5):
        order.preview()
        worked(atelier.served)
        if order.state == "preview_failed":
            break
        order.ask("DELETE", f"/photos/{order.data['photos'][0]['id']}")
        order.upload(picture(23 + number))
    assert (order.state, order.data["reason"]) == ("preview_failed", "BUDGET")
    assert atelier.row(order.id)["spent"] == Decimal("0.30"), "two more pictures can be paid for"


def test_drawing_holds_up_nothing_else(atelier: Shop) -> None:
    """Pictures that wait for their turn are not before what came later: what is paid, and what is to be mailed."""
    waiting = atelier.with_photos(picture(9), styles=["line", "cartoon", "watercolour"])
    waiting.preview()
    order = atelier.begin()
    paid(order)

    async def asking(workshop: Workshop) -> None:
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            row = await locked(session, order.id)
            await mails.ask(session, row, "refunded", actor=actor_of(workshop))

    in_shop(atelier.served, asking)

    async def taking(workshop: Workshop) -> set[str]:
        tickets = Tickets(workshop.resources.database)
        taken = await tickets.take("io", 4)
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql("SELECT name FROM jobs WHERE id = ANY ($1)", (taken,))
            names = {row.name for row in found}
        await tickets.untake(taken)
        return names

    names = in_shop(atelier.served, taking)
    worked(atelier.served)
    assert {"petstory.produce", "petstory.send_mail"} <= names


def test_nothing_is_bought_that_there_is_no_room_for(atelier: Shop, gemini: Painter) -> None:
    """While the disk is nearly full no picture is asked for; the order waits."""
    order = atelier.with_photos(picture(10), styles=["line"])
    order.preview()
    files = atelier.served.app.settings.files.model_copy(update={"free_refuse_bytes": 1 << 60})
    workshop = open_workshop("shop", atelier.served.app.settings.model_copy(update={"files": files}), SHIPPED)

    async def working() -> None:
        async with open_resources(workshop.resources):
            runner = runner_of(workshop)
            await runner.open()
            try:
                await runner.work(await Tickets(workshop.resources.database).take("io", 100))
            finally:
                await runner.close()

    asyncio.run(working())
    assert asked_for(gemini) == 0 and atelier.row(order.id)["spent"] == 0
    worked(atelier.served, again=True)
    assert order.state == "preview_ready"


def test_files_live_as_long_as_their_order_may(atelier: Shop, clock: TurnableClock) -> None:
    """However soon names and pages are forgotten, what an unpaid order needs for its book stays until it is made."""
    order = previewed(atelier, picture(13), picture(14))
    clock.turn(3 * 86_400)
    ran(atelier.served, FILE_PURGE, FilePurgeOrder())
    paid(order)
    worked(atelier.served)
    assert order.state in DONE


def test_who_is_about_to_send_another_photo_is_waited_for(atelier: Shop) -> None:
    """The only photo was taken back to be replaced: trying again gives no money back before the other has come."""
    order = atelier.begin(styles=["line"])
    paid(order)
    order.put("production_failed", wanted=1)
    worked(atelier.served)
    assert order.state == "production_failed"
    assert atelier.served.sql("SELECT id FROM petstory_refunds WHERE order_id = $1", order.id) == []
    order.upload(picture(15))
    worked(atelier.served)
    assert order.state in DONE


ENDING = 4712
"""Of the lock that a job waits for before its end is written down."""


@contextmanager
def held_at_its_end(served: Served) -> Iterator[None]:
    """In the block a job that makes orders cannot end well yet."""
    loop = asyncio.new_event_loop()
    url = served.database_url.replace("//esteio@", "//postgres@")
    connection = loop.run_until_complete(asyncpg.connect(url, timeout=AMPLE))
    loop.run_until_complete(connection.execute(f"SELECT pg_advisory_lock({ENDING})"))
    served.sql(
        "CREATE FUNCTION petstory_end() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({ENDING}); RETURN NEW; END $$"
    )
    served.sql(
        "CREATE TRIGGER petstory_end BEFORE UPDATE ON jobs FOR EACH ROW "
        "WHEN (NEW.name = 'petstory.produce' AND NEW.outcome = 'succeeded') EXECUTE FUNCTION petstory_end()"
    )
    try:
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
        served.sql("DROP FUNCTION petstory_end CASCADE")


def waiters(served: Served) -> int:
    [row] = served.sql(
        "SELECT count(*) AS number FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return int(row["number"])


def test_what_is_asked_for_while_a_job_ends_is_not_lost(atelier: Shop) -> None:
    """A photo that comes when the job has found nothing to do and not ended yet has the order made all the same."""
    order = atelier.begin(styles=["line"])
    paid(order)
    order.put("production_failed", wanted=1)
    with ThreadPoolExecutor(2) as pool:
        with held_at_its_end(atelier.served):
            working = pool.submit(worked, atelier.served)
            eventually(lambda: waiters(atelier.served) == 1)
            sending = pool.submit(order.upload, picture(16))
            eventually(lambda: sending.done() or waiters(atelier.served) == 2)
        sending.result(30)
        working.result(30)
    worked(atelier.served)
    assert order.state in DONE


def test_what_a_killed_book_left_behind_goes(atelier: Shop, temporary: Path) -> None:
    """Pictures of customers do not lie about: old folders of books are removed, and nothing else is."""
    names = {"old": f"{FOLDER}old", "young": f"{FOLDER}young", "other": "somebody-elses", "link": f"{FOLDER}link"}
    for name in ("old", "young", "other"):
        (temporary / names[name]).mkdir()
        (temporary / names[name] / "art-0.jpg").write_bytes(b"a picture")
    (temporary / names["link"]).symlink_to(temporary / names["other"])
    for name in ("old", "other", "link"):
        os.utime(temporary / names[name], (time() - 7200,) * 2, follow_symlinks=False)
    ran(atelier.served, MEND, SweepOrder())
    assert sorted(path.name for path in temporary.iterdir()) == sorted({*names.values()} - {names["old"]})
    assert (temporary / names["other"] / "art-0.jpg").exists()


def test_an_order_that_cannot_be_mended_holds_up_no_other(atelier: Shop, clock: TurnableClock) -> None:
    """Whatever is wrong with one, those after it come to their end."""
    broken, sound = atelier.begin(), atelier.begin()
    assert broken.id < sound.id
    for order in (broken, sound):
        order.put("paid")
    clock.turn(400)
    atelier.served.sql(
        "CREATE FUNCTION petstory_no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
    )
    atelier.served.sql(
        "CREATE TRIGGER no BEFORE UPDATE ON petstory_orders FOR EACH ROW "
        f"WHEN (NEW.id = '{broken.id}') EXECUTE FUNCTION petstory_no()"
    )
    try:
        ran(atelier.served, MEND, SweepOrder())
    finally:
        atelier.served.sql("DROP FUNCTION petstory_no CASCADE")
    assert (broken.state, sound.state) == ("paid", "production_failed")


def test_no_answer_is_waited_for_longer_than_a_job_may_last() -> None:
    """A setting that would let each try be cut off before its answer came is refused."""
    longest = min(DRAW_ASKED.time_limit, PRODUCE.time_limit)
    with pytest.raises(ValidationError):
        PetstorySettings(gemini_timeout=longest)
