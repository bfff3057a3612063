"""Pets as files, from the order to the link."""

import asyncio
import csv
import gzip
import io
import json
import os
import re
import resource
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from esteio.jobs.tickets import Tickets
from esteio.worker.assembly import Workshop
from tests.conftest import House
from tests.contract.problems import problem
from tests.files.s3 import Bucket, line_to, s3_server
from tests.files.shop import done, fetched, in_shop, rested, run_due, runner_of, task_of, work_off
from tests.files.test_store import MIB, resident
from tests.house import Served

EXPORT = "/api/v2/pets/export"
FORMATS = ("csv", "csv.gz", "ndjson")
MANY = int(os.environ.get("ESTEIO_TEST_EXPORT_ROWS", "1000000"))
HEADER = "id,name,species,breed,sex,birth_date,weight_kg,status,owner,notes,created_at,updated_at,version"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0")


@pytest.fixture
def served(house: House, tmp_path: Path) -> Iterator[Served]:
    """A house without any pet."""
    with house(FILES__URL=tmp_path.as_uri()) as running:
        yield running


def order(served: Served, path: str = EXPORT, **asked: Any) -> httpx.Response:
    return served.client.post(path, json=asked)


def exported(served: Served, path: str = EXPORT, **asked: Any) -> bytes:
    """What the export's link leads to, unpacked."""
    data = fetched(served, done(served, order(served, path, **asked)))
    return gzip.decompress(data) if asked.get("format") == "csv.gz" else data


def sheet(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().splitlines()]


def objects(served: Served, folder: Path) -> set[str]:
    """Everything in the store for which there is no row."""
    named = {row["key"] for row in served.sql("SELECT key FROM files")}
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - named


def test_accepted_as_a_task(served: Served) -> None:
    """An export is accepted at once, with the task's address; the task shows rows as progress, then a link."""
    served.pet()
    accepted = order(served)
    assert accepted.status_code == 202
    data = accepted.json()["data"]
    assert accepted.headers["location"] == f"/api/v2/tasks/{data['id']}"
    assert accepted.headers["retry-after"] == "1"
    assert (data["type"], data["state"]) == ("pets.export", "queued")
    assert task_of(served, accepted)["state"] == "queued"
    result = done(served, accepted)
    assert task_of(served, accepted)["progress"] | {"message": None} == {
        "done": 1,
        "total": 1,
        "unit": "rows",
        "message": None,
    }
    assert result["rows"] == 1
    assert result["file"]["bytes"] == len(fetched(served, result))


def test_csv(served: Served) -> None:
    """CSV is RFC 4180: a header, CRLF, quotes where they are needed, line breaks within cells as they are, UTF-8."""
    served.pet(name='Ana, "a"', notes="one\ntwo", weight_kg=12.5, birth_date="2020-02-29", owner="João")
    served.pet(name="Ünal", species="cat")
    data = exported(served)
    assert data.startswith(HEADER.encode() + b"\r\n")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == 4
    assert data.count(b"\r\n") == 3
    first, second = sheet(data)
    assert (first["name"], first["notes"], first["owner"]) == ('Ana, "a"', "one\ntwo", "João")
    assert (first["weight_kg"], first["birth_date"], first["breed"]) == ("12.5", "2020-02-29", "")
    assert MOMENT.fullmatch(first["created_at"])
    assert (second["name"], second["version"]) == ("Ünal", "1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_neutralised(served: Served, formula: str) -> None:
    """A cell that a spreadsheet would run as a formula begins with an apostrophe; numbers stay numbers."""
    pet = served.pet(name=formula, breed=formula, owner=formula, notes=formula, weight_kg=1.5)
    served.client.post(f"/api/v2/pets/{pet['id']}/feedings", json={"food": formula, "grams": 5})
    for row in (*sheet(exported(served)), *sheet(exported(served, f"/api/v2/pets/{pet['id']}/export"))):
        assert {row["name"], row["breed"], row["owner"], row["notes"]} == {f"'{formula}"}
        assert row["weight_kg"] == "1.5"
        assert row.get("feeding_food", f"'{formula}") == f"'{formula}"
    assert [line["name"] for line in lines(exported(served, format="ndjson"))] == [formula]


def test_cells_that_begin_with_tab_or_cr(served: Served) -> None:
    """TAB and CR in front of a formula hide it from no one: such cells are neutralised too."""
    for text in ("\t=1", "\r=1"):
        pet = served.pet()
        served.sql("UPDATE pets SET name = $1 WHERE id = $2", text, UUID(pet["id"]))
    assert [row["name"][:2] for row in sheet(exported(served))] == ["'\t", "'\n"]


def test_all_formats_say_the_same(served: Served) -> None:
    """`csv.gz` is `csv` compressed; `ndjson` has each pet as the API shows it."""
    for number in range(30):
        served.pet(name=f"Pet {number}", notes='a\tb\\c"d\n' * 3, weight_kg=number + 0.5)
    plain = exported(served)
    assert exported(served, format="csv.gz") == plain
    told = lines(exported(served, format="ndjson"))
    shown = served.client.get("/api/v2/pets", params={"per_page": 100}).json()["data"]
    assert [moments_alike(pet) for pet in told] == [moments_alike(pet) for pet in shown]
    assert [row["id"] for row in sheet(plain)] == [pet["id"] for pet in shown]


def moments_alike(pet: dict[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(value) if name.endswith("_at") else value for name, value in pet.items()}


def test_filters(served: Served) -> None:
    """An export has the pets that the list has with the same filters; deleted ones are in neither."""
    served.pet(name="Rex", birth_date="2020-01-01")
    served.pet(name="T-Rex", species="reptile")
    gone = served.pet(name="Rexona")
    served.client.delete(f"/api/v2/pets/{gone['id']}")
    for filters in ({}, {"name": "rex"}, {"species": "reptile"}, {"born_before": "2021-01-01"}, {"status": "lost"}):
        listed = served.client.get("/api/v2/pets", params=filters).json()["data"]
        assert [row["name"] for row in sheet(exported(served, **filters))] == [pet["name"] for pet in listed]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_to_export(served: Served, form: str) -> None:
    """Without any pet a file has its header alone, or nothing."""
    assert exported(served, format=form) == (b"" if form == "ndjson" else HEADER.encode() + b"\r\n")


def test_one_pet_with_its_feedings(served: Served) -> None:
    """A pet's own export holds it with each of its feedings in the order of their time, and nobody else's."""
    pet, other = served.pet(name="Rex"), served.pet(name="Mia")
    for fed, food, day in ((pet, "later", 2), (pet, "sooner", 1), (other, "other", 1)):
        body = {"food": food, "grams": 10, "fed_at": f"2026-01-0{day}T00:00:00Z"}
        assert served.client.post(f"/api/v2/pets/{fed['id']}/feedings", json=body).status_code == 201
    path = f"/api/v2/pets/{pet['id']}/export"
    rows = sheet(exported(served, path))
    assert [(row["name"], row["feeding_food"], row["feeding_grams"]) for row in rows] == [
        ("Rex", "sooner", "10"),
        ("Rex", "later", "10"),
    ]
    assert sheet(exported(served, path, format="csv.gz")) == rows
    first, *feedings = lines(exported(served, path, format="ndjson"))
    assert first["pet"]["name"] == "Rex"
    assert [line["feeding"]["food"] for line in feedings] == ["sooner", "later"]


def test_one_pet_without_feedings(served: Served) -> None:
    """A pet that was never fed is exported all the same."""
    path = f"/api/v2/pets/{served.pet()['id']}/export"
    assert [row["feeding_id"] for row in sheet(exported(served, path))] == [""]
    assert [list(line) for line in lines(exported(served, path, format="ndjson"))] == [["pet"]]


def test_a_pet_that_is_not_there(served: Served) -> None:
    """There is no task for a pet that is not there; one that is deleted meanwhile fails its task in words."""
    problem(order(served, f"/api/v2/pets/{uuid4()}/export"), 404)
    pet = served.pet()
    accepted = order(served, f"/api/v2/pets/{pet['id']}/export")
    served.client.delete(f"/api/v2/pets/{pet['id']}")
    work_off(served)
    task = task_of(served, accepted)
    assert (task["state"], task["error"]["detail"]) == ("failed", "The pet is not there any more.")


def test_who_may(served: Served) -> None:
    """An export needs a proved caller, though the list does not."""
    problem(served.anonymous.post(EXPORT, json={}), 401)
    problem(served.client.post(EXPORT, json={"format": "xml"}), 422)
    problem(served.client.post(EXPORT, json={"colour": "red"}), 422)


def test_asked_twice(served: Served) -> None:
    """The same request with the same Idempotency-Key is the same task."""
    first, again = (served.client.post(EXPORT, json={}, headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    assert served.sql("SELECT count(*) FROM jobs WHERE name = 'pets.export'")[0]["count"] == 1


def test_another_tenants_pets_are_not_in_it(served: Served) -> None:
    """A tenant's export has its own pets alone."""
    served.pet(name="ours")
    other = uuid4()
    served.sql("INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1)", other)
    served.sql(
        "INSERT INTO pets (id, tenant_id, name, species, status, owner) VALUES "
        "(gen_random_uuid(), $1, 'theirs', 'dog', 'active', 'x')",
        other,
    )
    assert [row["name"] for row in sheet(exported(served))] == ["ours"]


def test_no_link_lies_in_the_database(served: Served) -> None:
    """What is stored of a task, and told of it, opens nothing: the link is made when the task is read."""
    served.pet()
    accepted = order(served)
    link = done(served, accepted)["url"].rpartition("/")[2]
    stored = [str(row) for table in ("jobs", "outbox", "files") for row in served.sql(f"SELECT t::text FROM {table} t")]
    assert stored
    assert not any("/files/" in row or link in row for row in stored)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as running:
        yield running


def many_pets(served: Served, count: int) -> None:
    """Pets by the thousand, written by the database itself."""
    served.sql(
        "INSERT INTO pets (id, tenant_id, name, species, status, owner, notes, weight_kg) "
        "SELECT md5(n::text)::uuid, t.id, 'Pet ' || n, 'dog', 'active', 'Maria Souza', repeat('note ', 25), "
        f"1.5 FROM (SELECT id FROM tenants ORDER BY id LIMIT 1) t, generate_series(1, {count}) n"
    )


def test_a_store_that_goes_down(house: House, bucket: Bucket) -> None:
    """An export whose store goes down in the middle is tried again, fails in words, and leaves no half file to see;
    retried when the store is back it succeeds.
    """
    before = bucket.listed()
    with line_to(bucket) as (there, line), house(**there.environment) as served:
        many_pets(served, 60_000)
        accepted = order(served)
        line.cut_after(9_000_000)
        work_off(served)
        task = task_of(served, accepted)
        assert (task["state"], task["error"]["code"]) == ("retrying", "UNAVAILABLE")
        for _ in range(4):
            rested(served)
            work_off(served)
        task = task_of(served, accepted)
        assert (task["state"], task["attempts"]) == ("failed", 5)
        assert task["error"]["detail"] == "The object store is unavailable."
        assert (bucket.listed(), served.sql("SELECT * FROM files")) == (before, [])
        line.mend()
        assert served.client.post(f"{accepted.headers['location']}/retry").status_code == 202
        result = done(served, accepted)
        assert len(fetched(served, result).splitlines()) == 60_001
        assert len(bucket.listed()) == len(before) + 1


async def _with_peak(work: Awaitable[Any]) -> int:
    """Do the work; the most memory that this process had meanwhile."""
    working = asyncio.ensure_future(work)
    peak = resident()
    while not working.done():
        await asyncio.sleep(0.01)
        peak = max(peak, resident())
    await working
    return peak


@pytest.fixture(scope="module")
def crowded(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with many pets; how many is for ESTEIO_TEST_EXPORT_ROWS to say."""
    with house(FILES__URL=tmp_path_factory.mktemp("files").as_uri()) as running:
        many_pets(running, MANY)
        yield running


@pytest.mark.parametrize("form", FORMATS)
def test_memory_stays_flat(crowded: Served, form: str) -> None:
    """An export of many rows takes no more memory than one of few."""
    order(crowded, format=form, name="Pet 1999")
    work_off(crowded)
    accepted = order(crowded, format=form)
    before = resident()
    peak = in_shop(crowded, lambda workshop: _with_peak(run_due(workshop)))
    task = task_of(crowded, accepted)
    assert (task["state"], task["progress"]["done"], task["result"]["rows"]) == ("succeeded", MANY, MANY)
    size = task["result"]["file"]["bytes"]
    print(f"{form}: {MANY} rows, {size / MIB:.0f} MiB, {(peak - before) / MIB:.0f} MiB over idle")
    assert peak - before < 100 * MIB


def test_a_cancelled_export(house: House, bucket: Bucket) -> None:
    """An export that is cancelled in the middle of its upload leaves nothing in the store."""
    there_before = (bucket.listed(), bucket.unfinished())
    with line_to(bucket) as (there, line), house(**there.environment) as served:
        many_pets(served, 60_000)
        accepted = order(served)
        line.hold_after(8_000_000)

        async def run(workshop: Workshop) -> None:
            runner = runner_of(workshop)
            await runner.open()
            due = await Tickets(workshop.resources.database).take("io", 1)
            running = asyncio.ensure_future(runner.work(due))
            await comes_true(lambda: line.holding)
            (slot,) = runner.slots.values()
            await asyncio.to_thread(served.client.post, f"{accepted.headers['location']}/cancel")
            await comes_true(lambda: slot.reason == "cancelled")
            line.release()
            await running
            await runner.close()

        in_shop(served, run)
        assert task_of(served, accepted)["state"] == "cancelled"
        assert (bucket.listed(), bucket.unfinished()) == there_before


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other threads
            await asyncio.sleep(0.02)


def test_a_full_disk(served: Served, tmp_path: Path) -> None:
    """An export for which there is no room is tried again and says so, without half a file; with room it succeeds."""
    many_pets(served, 20_000)
    accepted = order(served)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * MIB, hard))
    try:
        work_off(served)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    task = task_of(served, accepted)
    assert (task["state"], task["error"]["code"]) == ("retrying", "INSUFFICIENT_STORAGE")
    assert "no room" in task["error"]["detail"]
    assert (objects(served, tmp_path), served.sql("SELECT * FROM files")) == (set(), [])
    rested(served)
    assert done(served, accepted)["rows"] == 20_000
