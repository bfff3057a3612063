"""Jobs as pages: started, watched to their end, cancelled, and begun again where they failed."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from playwright.sync_api import Download, Locator, expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging, Person
from tests.console.visits import Visit
from tests.house import eventually

JOBS = "/console/jobs"
MANY = 6_000
"""Rows that an import is busy with for seconds."""

_SHARES = """() => {
  window.shares = []
  const look = () => document.querySelectorAll('[data-testid=bar]').forEach(bar => {
    const share = bar.dataset.share
    if (share !== '' && share !== window.shares.at(-1)) window.shares.push(share)
  })
  look()
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true})
}"""


def sheet(rows: int, mark: str = "") -> bytes:
    mark = mark or uuid4().hex[:8]
    return b"name,species\n" + b"".join(f"Pet {number} {mark},dog\n".encode() for number in range(rows))


def imported(person: Person, rows: int, mark: str = "") -> str:
    """An import that somebody asks for elsewhere; its task."""
    headers = {"Content-Type": "text/csv"}
    answer = person.client.post("/api/v2/pets/import", content=sheet(rows, mark), headers=headers)
    assert answer.status_code == 202, answer.text
    task: str = answer.json()["data"]["id"]
    return task


def task_of(person: Person, task: str) -> dict[str, Any]:
    found: dict[str, Any] = person.client.get(f"/api/v2/tasks/{task}").json()["data"]
    return found


def ended(person: Person, task: str) -> str:
    """The state in which the task has ended, once it has."""
    states = {"succeeded", "failed", "cancelled"}
    eventually(lambda: task_of(person, task)["state"] in states, 60)
    state: str = task_of(person, task)["state"]
    return state


@contextmanager
def resting(lodge: Lodging) -> Iterator[None]:
    """Workers stand still for the time of the block, so that what is asked for in it waits."""
    assert lodge.process is not None
    workers = [one for one in psutil.Process(lodge.process.pid).children(recursive=True) if "worker" in one.cmdline()]
    assert workers
    for one in workers:
        one.suspend()
    try:
        yield
    finally:
        for one in workers:
            one.resume()


def kept_file(lodge: Lodging, mark: str) -> Path:
    """Where the house keeps the file that says this."""
    for path in (lodge.place / "data" / "files").rglob("*"):
        if path.is_file() and mark.encode() in path.read_bytes():
            return path
    raise AssertionError("no file says it")


@contextmanager
def dead_letter(lodge: Lodging, person: Person) -> Iterator[str]:
    """An import whose file is gone before it is read, which fails for good. After the block the file is back."""
    mark = uuid4().hex
    with resting(lodge):
        task = imported(person, 3, mark)
        file = kept_file(lodge, mark)
        away = file.rename(lodge.place / file.name)
    assert ended(person, task) == "failed"
    try:
        yield task
    finally:
        away.rename(file)


def state(ana: Visit) -> Locator:
    return ana.page.get_by_test_id("state").first


def expect_state(ana: Visit, name: str) -> None:
    expect(state(ana)).to_have_attribute("data-state", name, timeout=60_000)


def downloaded(ana: Visit) -> Download:
    with ana.page.expect_download() as waiting:
        ana.page.get_by_role("button", name=re.compile("^(Download|Baixar)$")).click()
    return waiting.value


class TestExports:
    def test_an_export_is_watched_to_its_file(self, lodge: Lodging, visit: Visiting) -> None:
        """Who starts an export sees its bar get to the end by itself and has the file, with what was asked for."""
        person, mark = lodge.person(), uuid4().hex[:8]
        assert ended(person, imported(person, 300, mark)) == "succeeded"
        with visit() as ana:
            ana.sign_in(person, JOBS)
            ana.page.get_by_role("button", name="Export pets").click()
            ana.page.get_by_label("The name contains").fill(mark)
            ana.axe()
            ana.shot("export")
            ana.page.evaluate(_SHARES)
            ana.page.get_by_role("button", name="Start the export").click()
            expect(ana.page.get_by_role("heading", level=1, name="Export of pets")).to_be_visible()
            expect_state(ana, "succeeded")
            expect(ana.page.get_by_test_id("bar")).to_have_attribute("data-share", "100")
            ana.axe()
            file = downloaded(ana)
            assert re.fullmatch(r"pets-\d{4}-\d\d-\d\d\.csv", file.suggested_filename)
            found = list(csv.DictReader(io.StringIO(file.path().read_text(encoding="utf-8"), newline="")))
            assert [row["name"] for row in found] == [f"Pet {number} {mark}" for number in range(300)]
            ana.shot("job")

    @pytest.mark.parametrize("form", ["CSV, gzip", "JSON lines"])
    def test_other_formats(self, form: str, lodge: Lodging, visit: Visiting) -> None:
        """The file is what was chosen: a compressed sheet, or a line of JSON for each pet."""
        person, mark = lodge.person(), uuid4().hex[:8]
        assert ended(person, imported(person, 3, mark)) == "succeeded"
        with visit() as ana:
            ana.sign_in(person, JOBS)
            ana.page.get_by_role("button", name="Export pets").click()
            ana.page.get_by_text(form, exact=True).click()
            ana.page.get_by_label("The name contains").fill(mark)
            ana.page.get_by_role("button", name="Start the export").click()
            expect(ana.page.get_by_role("heading", level=1, name="Export of pets")).to_be_visible()
            expect_state(ana, "succeeded")
            content = downloaded(ana).path().read_bytes()
        if form == "JSON lines":
            names = [json.loads(line)["name"] for line in content.splitlines()]
        else:
            names = [row["name"] for row in csv.DictReader(io.StringIO(gzip.decompress(content).decode()))]
        assert names == [f"Pet {number} {mark}" for number in range(3)]

    def test_the_list_follows_what_somebody_else_does(self, lodge: Lodging, visit: Visiting) -> None:
        """A job that is asked for elsewhere appears in the list and comes to its end there, with nothing pressed."""
        person = lodge.person()
        with visit() as ana:
            ana.sign_in(person, f"{JOBS}?type=pets.import")
            expect(ana.page.get_by_test_id("live")).to_be_visible()
            task = imported(person, 400)
            row = ana.page.get_by_role("row").filter(has=ana.page.locator(f"a[href$='{task}']"))
            expect(row.get_by_test_id("state")).to_have_attribute("data-state", "succeeded", timeout=60_000)
            ana.axe()
            ana.shot("jobs")
            ana.page.get_by_label("State").select_option("failed")
            expect(ana.page.locator(f"a[href$='{task}']")).to_have_count(0)


class TestImports:
    def test_an_import_is_sent_and_watched(self, lodge: Lodging, visit: Visiting, tmp_path: Path) -> None:
        """Who sends a file sees its bar move through the middle, and in the end which row was refused and why."""
        person = lodge.person()
        file = tmp_path / "pets.csv"
        file.write_bytes(sheet(MANY) + b"Wrong,unicorn\n")
        with visit() as ana:
            ana.sign_in(person, JOBS)
            ana.page.evaluate(_SHARES)
            ana.page.get_by_role("button", name="Import pets").click()
            ana.page.get_by_role("button", name="Send and import").click()
            expect(ana.page.get_by_text("Choose a file first.")).to_be_visible()
            ana.axe()
            ana.page.locator("input[type=file]").set_input_files(file)
            ana.page.get_by_role("button", name="Send and import").click()
            expect(ana.page.get_by_role("heading", level=1, name="Import of pets")).to_be_visible()
            expect_state(ana, "succeeded")
            problems = ana.page.get_by_role("table", name="Rows that were refused").locator("tbody").get_by_role("row")
            expect(problems).to_have_count(1)
            expect(problems).to_contain_text("species")
            ana.axe()
            shares = [int(share) for share in ana.page.evaluate("window.shares")]
            between = [share for share in shares if 0 < share < 100]
            assert len(between) >= 2 and between == sorted(between)

    def test_a_file_that_cannot_be_read(self, lodge: Lodging, visit: Visiting, tmp_path: Path) -> None:
        """It is refused where it was chosen, in the words of the API."""
        file = tmp_path / "pets.csv"
        file.write_bytes(b"colour;size\nred;big\n")
        with visit() as ana:
            ana.allowed |= {400, 422}
            ana.sign_in(lodge.person(), JOBS)
            ana.page.get_by_role("button", name="Import pets").click()
            ana.page.locator("input[type=file]").set_input_files(file)
            ana.page.get_by_role("button", name="Send and import").click()
            expect(ana.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("commas, not by semicolons")
            ana.axe()

    def test_cancelling(self, lodge: Lodging, visit: Visiting) -> None:
        """After a question a job that waits is cancelled: it says so, offers nothing more to cancel, and never runs."""
        person, mark = lodge.person(), uuid4().hex[:8]
        with visit(dark=True) as ana:
            ana.sign_in(person, JOBS)
            with resting(lodge):
                task = imported(person, 3, mark)
                ana.go(f"{JOBS}/{task}")
                ana.page.get_by_role("button", name="Cancel the job").click()
                dialog = ana.page.get_by_role("dialog")
                expect(dialog).to_contain_text("An import keeps what it has registered.")
                dialog.get_by_role("button", name="Cancel the job").click()
                expect_state(ana, "cancelled")
            expect(ana.page.get_by_role("button", name="Cancel the job")).to_have_count(0)
            ana.axe()
        assert ended(person, imported(person, 3)) == "succeeded"
        assert task_of(person, task)["state"] == "cancelled"
        assert person.client.get("/api/v2/pets", params={"name": mark}).json()["data"] == []


class TestDeadLetters:
    def test_one_is_retried_after_its_cause_is_mended(self, lodge: Lodging, visit: Visiting) -> None:
        """The pages say why a job failed; once the cause is mended, one press brings it to its end."""
        person = lodge.person()
        with visit() as ana:
            with dead_letter(lodge, person) as task:
                ana.sign_in(person, f"{JOBS}?state=failed")
                failed = ana.page.get_by_role("row").filter(has=ana.page.locator(f"a[href$='{task}']"))
                expect(failed).to_contain_text(task_of(person, task)["error"]["title"])
                ana.page.get_by_role("link", name="Dead letters").click()
                row = ana.page.get_by_role("row").filter(has=ana.page.locator(f"a[href$='{task}']"))
                expect(row).to_contain_text("The file is not kept any more: send it again.")
                ana.axe()
                ana.shot("dead-letters")
            row.get_by_role("button", name=re.compile("^Retry")).click()
            expect(ana.page.get_by_test_id("retried")).to_contain_text("One job waits again")
            expect(row).to_have_count(0)
            assert ended(person, task) == "succeeded"

    def test_the_chosen_and_all_that_fit(self, lodge: Lodging, visit: Visiting) -> None:
        """Those that are chosen run again after a question, and others stay; then all that the filter leaves."""
        person = lodge.person()
        with (
            visit(phone=True, language="pt-BR", dark=True) as ana,
            dead_letter(lodge, person) as one,
            dead_letter(lodge, person) as other,
        ):
            before = task_of(person, one)["finished_at"]
            untouched = task_of(person, other)
            ana.sign_in(person, "/console/dead-letters?type=pets.import")
            ana.page.get_by_role("checkbox", name=re.compile(f"{one[-6:]}$")).check()
            ana.page.get_by_role("button", name="Repetir as escolhidas (1)").click()
            dialog = ana.page.get_by_role("dialog")
            expect(dialog).to_contain_text("Repetir uma tarefa?")
            ana.axe()
            dialog.get_by_role("button", name="Repetir", exact=True).click()
            expect(ana.page.get_by_test_id("retried")).to_contain_text("Uma tarefa voltou à fila")
            assert ended(person, one) == "failed"
            assert task_of(person, one)["finished_at"] > before
            assert task_of(person, other) == untouched
            earlier = {task: task_of(person, task)["finished_at"] for task in (one, other)}
            expect(ana.page.locator(f"a[href$='{one}']")).to_be_visible()
            ana.page.get_by_role("button", name=re.compile("^Repetir todas")).click()
            ana.page.get_by_role("dialog").get_by_role("button", name="Repetir", exact=True).click()
            for task in (one, other):
                eventually(lambda task=task: (task_of(person, task)["finished_at"] or "") > earlier[task], 60)
            ana.axe()

    def test_who_may_not_look_is_told_so(self, lodge: Lodging, visit: Visiting) -> None:
        """Without the permission the page names it; who may look and not retry finds no button to press."""
        role = f"looker-{uuid4().hex[:8]}"
        made = lodge.admin.post("/api/v2/roles", json={"name": role, "permissions": ["tasks:read"]})
        assert made.status_code == 201, made.text
        with visit() as ana:
            ana.sign_in(lodge.person("user"), "/console/dead-letters")
            expect(ana.page.get_by_text("tasks:read")).to_be_visible()
            ana.axe()
        with visit() as ana, dead_letter(lodge, lodge.person()) as task:
            ana.sign_in(lodge.person(role), "/console/dead-letters")
            expect(ana.page.locator(f"a[href$='{task}']")).to_be_visible()
            expect(ana.page.get_by_text("needs the permission tasks:write")).to_be_visible()
            expect(ana.page.get_by_role("button", name=re.compile("^Retry"))).to_have_count(0)
            expect(ana.page.get_by_role("main").get_by_role("checkbox")).to_have_count(0)
            ana.axe()


class TestTrouble:
    def test_the_server_goes_away_and_comes_back(self, lodge: Lodging, visit: Visiting) -> None:
        """While the server is away the page says so; when it is back, a job goes on being followed by itself."""
        person = lodge.person()
        with visit() as ana:
            ana.sign_in(person, JOBS)
            task = imported(person, 3_000)
            ana.go(f"{JOBS}/{task}")
            expect(ana.page.get_by_test_id("bar")).to_be_visible()
            ana.allowed |= {0, 502, 503}
            with lodge.away():
                expect(ana.page.get_by_test_id("connection-away")).to_be_visible()
            expect_state(ana, "succeeded")
            expect(ana.page.get_by_test_id("connection-away")).to_have_count(0)
            expect(ana.page.get_by_test_id("live")).to_be_visible()

    def test_an_address_of_nothing(self, lodge: Lodging, visit: Visiting) -> None:
        """A job that is not there is said to be so, in words."""
        with visit() as ana:
            ana.allowed.add(404)
            ana.sign_in(lodge.person(), f"{JOBS}/{uuid4()}")
            expect(ana.page.get_by_text("There is no job at this address")).to_be_visible()
            ana.axe()

    def test_on_a_phone_in_portuguese(self, lodge: Lodging, visit: Visiting) -> None:
        """The same is done on a phone, in Portuguese, in the dark; nothing is wider than the screen."""
        person = lodge.person()
        assert ended(person, imported(person, 3)) == "succeeded"
        with visit(phone=True, language="pt-BR", dark=True) as ana:
            ana.sign_in(person, JOBS)
            expect(ana.page.get_by_role("heading", level=1, name="Tarefas")).to_be_visible()
            ana.axe()
            ana.page.get_by_role("button", name="Exportar animais").click()
            ana.axe()
            ana.page.get_by_role("button", name="Iniciar a exportação").click()
            expect(ana.page.get_by_role("heading", level=1, name="Exportação de animais")).to_be_visible()
            expect_state(ana, "succeeded")
            ana.axe()
            assert downloaded(ana).suggested_filename.endswith(".csv")
            assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            ana.shot("job-phone")
