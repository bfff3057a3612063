"""The audit log: found, read, taken along."""

import csv
import io
import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visiting
from tests.console.lodging import Lodging, Person


def busy(lodge: Lodging, acts: int) -> tuple[Person, str]:
    """Somebody who has made and changed a key so many times; and the key's name in the log."""
    person = lodge.person()
    key = person.client.post("/api/v2/keys", json={"name": "audited", "scopes": ["pets:write"]}).json()["data"]["id"]
    for number in range(acts - 1):
        answer = person.client.patch(f"/api/v2/keys/{key}", json={"name": f"audited {number}"})
        assert answer.status_code == 200, answer.text
    return person, f"key:{key}"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_entries_are_found_and_read(lodge: Lodging, visit: Visiting, phone: bool) -> None:
    """By what they are about, page by page, and each in whole; the filters stand in the address."""
    person, subject = busy(lodge, 53)
    with visit(phone=phone) as ana:
        page = ana.page
        ana.sign_in(person, then="/console/audit")
        expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
        ana.axe()
        page.get_by_label("To whom or what").fill(subject)
        rows = page.get_by_role("row").filter(has_text=subject)
        expect(page).to_have_url(re.compile("subject="))
        expect(rows).to_have_count(50)
        expect(rows.first).to_contain_text(person.email)
        expect(rows.first).to_contain_text("audited 51 (key_")
        page.get_by_role("button", name="Older").click()
        expect(rows).to_have_count(3)
        page.reload()
        expect(rows).to_have_count(3)
        page.get_by_role("button", name="Newer").click()
        expect(rows).to_have_count(50)
        action = page.get_by_placeholder("user.*")
        action.fill("key.created")
        action.press("Enter")
        expect(rows).to_have_count(1)
        if not phone:
            ana.shot("audit")
        rows.first.get_by_role("button").click()
        detail = page.get_by_role("dialog")
        expect(detail).to_contain_text("pets:write")
        ana.axe()
        detail.get_by_role("button", name="All of the same request").click()
        expect(page).to_have_url(re.compile("request_id="))
        page.get_by_role("button", name="Clear all filters").click()
        expect(rows).not_to_have_count(1)


def test_what_is_filtered_is_taken_along(lodge: Lodging, visit: Visiting, tmp_path: Path) -> None:
    """The file has every entry that fits, over several pages, and nothing that a spreadsheet would run."""
    person, subject = busy(lodge, 120)
    formula = f"=HYPERLINK({uuid4().hex})"
    person.client.patch(f"/api/v2/keys/{subject.partition(':')[2]}", json={"name": formula})
    with visit(language="pt-BR", dark=True) as ana:
        page = ana.page
        ana.sign_in(person, then=f"/console/audit?subject={subject}")
        expect(page.get_by_role("row").filter(has_text=subject)).to_have_count(50)
        page.get_by_role("button", name="Exportar").click()
        dialog = page.get_by_role("dialog")
        ana.axe()
        with page.expect_download() as download:
            dialog.get_by_role("button", name="Criar o arquivo").click()
        expect(dialog).to_contain_text("121 registros estão no arquivo.")
        download.value.save_as(tmp_path / "audit.csv")
    text = (tmp_path / "audit.csv").read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == 121
    assert {line["subject"] for line in lines} == {subject}
    assert {line["action"] for line in lines} == {"key.created", "key.changed"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.values())


def test_a_refusal_is_marked(lodge: Lodging, visit: Visiting) -> None:
    """What somebody was refused is found by its outcome, with what was missing."""
    viewer = lodge.person("viewer")
    assert viewer.client.get("/api/v2/keys").status_code == 403
    with visit() as ana:
        page = ana.page
        ana.sign_in(lodge.person(), then="/console/audit?outcome=refused")
        row = page.get_by_role("row").filter(has_text="GET /api/v2/keys").filter(has_text=viewer.email)
        expect(row).to_contain_text("Refused")
        row.get_by_role("button").click()
        expect(page.get_by_role("dialog")).to_contain_text("keys:read")
