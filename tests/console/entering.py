"""Forms, mails and who comes in, as the tests of the console's door have them."""

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from functools import reduce
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.lodging import PASSWORD, Lodging
from tests.console.visits import ROOT, Visit
from tests.house import NO_TLS, eventually

SOURCES = ROOT / "console" / "src"
FOLLOWING = "another correct battery"
EYES = [
    pytest.param({}, id="desktop-en"),
    pytest.param({"phone": True, "language": "pt-BR", "dark": True}, id="phone-pt-dark"),
]


def words(page: str, eyes: dict[str, Any]) -> Callable[..., str]:
    """What a page says in the language of these eyes, from its own file of words; those of all pages for `""`."""
    folder = SOURCES / "pages" / page if page else SOURCES / "words"
    found = json.loads((folder / f"{eyes.get('language', 'en')}.json").read_text(encoding="utf-8"))

    def said(key: str, **filled: object) -> str:
        text: str = reduce(lambda part, name: part[name], key.split("."), found)
        return re.sub(r"{{(\w+)}}", lambda slot: str(filled[slot[1]]), text)

    return said


def newcomer() -> str:
    return f"new-{uuid4().hex[:12]}@example.org"


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"main input[name={name}]").fill(value)


def send(page: Page) -> None:
    page.locator("main form button[type=submit]").click()


def enter(page: Page, email: str, password: str = PASSWORD) -> None:
    fill(page, email=email, password=password)
    send(page)


def at(page: Page, path: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(path) + "/?$"))


def sound(seen: Visit) -> None:
    """The page that is shown keeps nobody out."""
    expect(seen.page.get_by_role("heading", level=1)).to_be_visible()
    seen.axe()


def mailed(lodge: Lodging, to: str, page: str) -> tuple[str, str]:
    """The link to a page in the newest mail to somebody, and that mail."""
    box = lodge.stand_ins["SMTP"]["control"]

    def found() -> tuple[str, str] | None:
        for one in reversed(httpx.get(f"{box}/mails", params={"to": to}, timeout=30, verify=NO_TLS).json()):
            raw = httpx.get(f"{box}/mails/{one['id']}", timeout=30, verify=NO_TLS).content
            body = message_from_bytes(raw, policy=default).get_body(("plain",))
            said = body.get_content() if body else ""
            if link := re.search(rf"http\S+/console/account/{page}#token=est_mail_\w+", said):
                return link[0], said
        return None

    link: tuple[str, str] = eventually(found, 60)
    return link
