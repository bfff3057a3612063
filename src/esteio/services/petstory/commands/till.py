"""Paying as a person does: at the stand-in's page by pressing a button; at the real one a person is waited for."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from esteio.services.petstory.commands.house import PATIENCE, is_here
from esteio.services.petstory.commands.steps import Stopped

APPROVED = "approved"


def is_stand_in(url: str) -> bool:
    """Whether the checkout is played on this machine: nothing is ever pressed anywhere else."""
    return is_here(url)


def press(url: str, button: str = APPROVED) -> str:
    """The status with which the page sends the buyer back to the shop. Raises `Stopped`."""
    if not is_stand_in(url):
        raise Stopped(f"The checkout is not on this machine, and nothing is paid by itself: pay at {url}")
    try:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as browser:
            page = browser.get(url)
            form = _Form.read(page.text) if page.is_success else _Form()
            if button not in form.values:
                raise Stopped(f"The checkout page has no button {button!r} ({page.status_code}): look at {url}")
            # Where it leads is the page's word: it stays on this machine all the same.
            answer = browser.post(_near(url, form.action), data={form.values[button]: button})
    except httpx.HTTPError as error:
        raise Stopped(f"The checkout does not answer ({error}): is `esteio up` still running?") from error
    back = parse_qs(urlsplit(str(answer.headers.get("location", ""))).query)
    return back.get("status", [""])[0]


def _near(url: str, action: str) -> str:
    found = urljoin(url, action)
    if not is_stand_in(found):
        raise Stopped("The checkout page leads away from this machine: nothing was paid.")
    return found


@dataclass
class _Form(HTMLParser):
    """The page's form: where it is sent, and its buttons by value."""

    action: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, page: str) -> "_Form":
        form = cls()
        form.feed(page)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "button":
            self.values[found.get("value", "")] = found.get("name", "")
