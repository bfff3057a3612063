"""Pets from CSV files, from the upload to the report of what was refused."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.files.shop import done, fetched, task_of, work_off
from tests.house import Served, environment, eventually
from tests.worker.processes import scheduler, worker

IMPORT = "/api/v2/pets/import"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def served(house: House, tmp_path: Path) -> Iterator[Served]:
    """A house without any pet, which takes files of 300 000 bytes."""
    with house(FILES__URL=tmp_path.as_uri(), PETS__IMPORT_BYTES="300000") as running:
        yield running


def send(served: Served, content: Any, **headers: str) -> httpx.Response:
    return served.client.post(IMPORT, content=content, headers={**CSV, **headers})


def imported(served: Served, content: Any) -> dict[str, Any]:
    return done(served, send(served, content))


def pets(served: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.client.get("/api/v2/pets", params={"per_page": 100}).json()["data"]
    return found


def test_every_row_becomes_a_pet(served: Served) -> None:
    """Each row is registered as the API would have done it: same members, same owner unless named, one fact each."""
    content = (
        "weight_kg,name,species,owner,birth_date,notes\r\n"
        '12.5,Rex,dog,Maria,2020-02-29,"a ""note"",\r\nof two lines"\r\n'
        ",Mia,cat,,,\r\n"
    )
    result = imported(served, content)
    assert (result["rows"], result["registered"], result["refused"], result["errors"]) == (2, 2, 0, [])
    assert result["file"] is None
    rex, mia = pets(served)
    by_hand = served.pet(name="By hand")
    assert (rex["weight_kg"], rex["owner"], rex["birth_date"], rex["status"]) == (12.5, "Maria", "2020-02-29", "active")
    assert rex["notes"] == 'a "note",\r\nof two lines'.replace("\r", "")
    assert (mia["weight_kg"], mia["owner"], mia["notes"]) == (None, by_hand["owner"], None)
    told = served.sql("SELECT data, principal FROM outbox WHERE name = 'pet.created' ORDER BY position")
    assert [row["principal"] for row in told] == [by_hand["owner"]] * 3


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfname,species\nRex,dog\n",
        b"name,species\r\nRex,dog",
        b"\n".join([b"species, name ", b"dog,Rex", b""]),
    ],
    ids=["byte order mark", "no last line end", "other order"],
)
def test_ways_to_write_it(served: Served, content: bytes) -> None:
    """A byte order mark, either line end, none at the end, and any order of columns are understood."""
    assert imported(served, content)["registered"] == 1
    assert [(pet["name"], pet["species"]) for pet in pets(served)] == [("Rex", "dog")]


def test_rows_that_are_refused(served: Served) -> None:
    """What is wrong is told by row and field, in the result and as a file; the other rows are registered."""
    content = "name,species,weight_kg\nRex,dog,1\n,dog,1\nMia,cow,heavy\n\nAna,cat,1,more\nBia,cat,2\n"
    result = imported(served, content)
    assert (result["rows"], result["registered"], result["refused"]) == (5, 2, 3)
    told = [(error["row"], error["field"], error["code"]) for error in result["errors"]]
    assert told == [
        (3, "name", "VALIDATION_ERROR"),
        (4, "species", "VALIDATION_ERROR"),
        (4, "weight_kg", "VALIDATION_ERROR"),
        (6, None, "ROW_LENGTH"),
    ]
    report = list(csv.DictReader(io.StringIO(fetched(served, result).decode(), newline="")))
    assert [(int(row["row"]), row["field"] or None, row["code"]) for row in report] == told
    assert [pet["name"] for pet in pets(served)] == ["Rex", "Bia"]


def test_problems_are_bounded(served: Served) -> None:
    """However many rows are wrong, the result shows the first and counts the rest, and the file has them."""
    result = imported(served, "name,species\n" + "Rex,cow\n" * 5_000)
    assert (result["rows"], result["refused"], len(result["errors"]), result["more_errors"]) == (
        5_000,
        5_000,
        50,
        4_950,
    )
    assert len(fetched(served, result).splitlines()) == 5_001


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "names the columns"),
        (b"\nRex,dog\n", "names the columns"),
        (b"name;species\nRex;dog\n", "commas"),
        (b"name,species,colour\n", "Column 3 is not one of"),
        (b"name,breed\n", "species is missing"),
        (b"name,species,name\n", "name stands there twice"),
        (b"name,species\nRex,dog\nR\xe9x,dog\n", "Line 3 is not UTF-8"),
        (b"name,species\nRex,dog\nRe\xc3", "Line 3 is not UTF-8"),
        (b"name,species\nR\0x,dog\n", "Line 2 has a NUL"),
        (b"name" * 5_000, "too long"),
    ],
)
def test_files_that_cannot_be_read(served: Served, tmp_path: Path, content: bytes, words: str) -> None:
    """A file that cannot be read is refused at once, with what is wrong and where, and is not kept."""
    detail = problem(send(served, content), 422, "VALIDATION_ERROR")["detail"]
    assert words in detail
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert served.sql("SELECT * FROM files") == []


def test_a_quote_that_is_never_closed(served: Served) -> None:
    """A file that stops being CSV fails its task with the line, and none of its rows is registered."""
    accepted = send(served, 'name,species\nRex,dog\n"Mia,cat\n')
    work_off(served)
    task = task_of(served, accepted)
    assert (task["state"], pets(served)) == ("failed", [])
    assert "Line 3 cannot be read as CSV" in task["error"]["detail"]


def test_other_bodies(served: Served, tmp_path: Path) -> None:
    """What is no CSV, is too large or comes from nobody is refused before it is kept."""
    problem(served.client.post(IMPORT, content=b"{}", headers={"Content-Type": "application/json"}), 415)
    problem(send(served, b"x", **{"Content-Type": "text/csv; charset=latin-1"}), 415)
    problem(served.anonymous.post(IMPORT, content=b"name,species\n", headers=CSV), 401)
    problem(send(served, b"name,species\n" + b"Rex,dog\n" * 50_000), 413)
    problem(send(served, (b"Rex,dog\n" * 1000 if number else b"name,species\n" for number in range(60))), 413)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_sent_twice(served: Served) -> None:
    """The same file with the same Idempotency-Key is imported once."""
    first, again = (send(served, b"name,species\nRex,dog\n", **{"Idempotency-Key": "one"}) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    work_off(served)
    assert len(pets(served)) == 1


def test_killed_in_the_middle(house: House, tmp_path: Path) -> None:
    """An import whose worker is killed with -9 again and again ends with each row registered once."""
    rows = 6_000
    content = "name,species\n" + "".join(
        f"Pet {number},{'cow' if number % 100 == 7 else 'dog'}\n" for number in range(rows)
    )
    changes = {"FILES__URL": tmp_path.as_uri(), "JOBS__LEASE": "2"}
    with house(**changes) as served:
        given = environment(served.database_url, served.app.settings.redis.url.get_secret_value(), **changes)
        accepted = send(served, content)
        with scheduler(given, services=None), worker(given, queues="io", services=None) as running:
            for share in (0.2, 0.6):
                eventually(lambda share=share: position(served) >= rows * share or ended(served, accepted), 60)
                running.kill()
            eventually(lambda: ended(served, accepted), 90)
        task = task_of(served, accepted)
        assert task["state"] == "succeeded", task
        assert (task["result"]["rows"], task["result"]["registered"]) == (rows, rows - 60)
        names = [row["name"] for row in served.sql("SELECT name FROM pets ORDER BY name")]
        assert len(names) == len(set(names)) == rows - 60
        facts = served.sql("SELECT count(*), count(DISTINCT subject) AS pets FROM outbox WHERE name = 'pet.created'")[0]
        assert (facts["count"], facts["pets"]) == (rows - 60, rows - 60)
        assert task["attempts"] > 1
        served.sql("DELETE FROM jobs")
        assert served.sql("SELECT * FROM pet_imports") == []


def position(served: Served) -> int:
    rows = served.sql("SELECT position FROM pet_imports")
    return rows[0]["position"] if rows else 0


def ended(served: Served, accepted: httpx.Response) -> bool:
    return task_of(served, accepted)["state"] in ("succeeded", "failed", "cancelled")
