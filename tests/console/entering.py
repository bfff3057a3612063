"""Forms, mails and who comes in, as the tests of the console's door have them."""

import re
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.lodging import PASSWORD, Lodging
from tests.console.visits import Visit
from tests.house import eventually

FOLLOWING = "another correct battery"
EYES = [
    pytest.param({}, id="desktop-en"),
    pytest.param({"phone": True, "language": "pt-BR", "dark": True}, id="phone-pt-dark"),
]


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
        for one in reversed(httpx.get(f"{box}/mails", params={"to": to}, timeout=30).json()):
            raw = httpx.get(f"{box}/mails/{one['id']}", timeout=30).content
            body = message_from_bytes(raw, policy=default).get_body(("plain",))
            said = body.get_content() if body else ""
            if link := re.search(rf"http\S+/console/account/{page}#token=est_mail_\w+", said):
                return link[0], said
        return None

    link: tuple[str, str] = eventually(found, 60)
    return link
