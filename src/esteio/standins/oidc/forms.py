"""What clients of an issuer send and how they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit

from esteio.standins.wire import HTML, Answer, Request, written

FORM = "application/x-www-form-urlencoded"
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Refused(Exception):
    """An error in the words of OAuth 2; they go to the client."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.code = code
        self.status = status

    def told(self) -> dict[str, str]:
        return {"error": self.code, "error_description": str(self)}

    def answer(self) -> Answer:
        mark = {"WWW-Authenticate": f'Bearer error="{self.code}"'} if self.status == 401 else {}
        plain = written(self.told(), self.status)
        return Answer(plain.status, plain.body, plain.media, UNCACHED | mark)


def sent(request: Request) -> Mapping[str, str]:
    """The parameters: of the query, or of a form where that was posted. Raises `Refused`."""
    if request.method != "POST":
        return request.query
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused("invalid_request", "a form is sent as application/x-www-form-urlencoded")
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def local(uri: str) -> bool:
    """Whether it leads to a page of this machine; nobody is sent elsewhere."""
    try:
        split = urlsplit(uri)
        host = split.hostname or ""
        there = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    return there and split.scheme in ("http", "https") and not split.fragment


def origin(uri: str) -> str:
    """Scheme, host and port, as a browser names them."""
    split = urlsplit(uri)
    return f"{split.scheme}://{split.netloc}"


def led(uri: str, members: Mapping[str, str | None]) -> Answer:
    """To that page, with these parameters; those that are None are left out."""
    query = urlencode({name: value for name, value in members.items() if value is not None})
    mark = "&" if urlsplit(uri).query else "?"
    return Answer(303, headers={"Location": f"{uri}{mark}{query}" if query else uri, **UNCACHED})


def page(title: str, inside: str, status: int = 200) -> Answer:
    """A page of HTML; `inside` is HTML already."""
    icon = '<link rel=icon href="data:,">'  # else browsers ask for one and complain that there is none
    head = f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{icon}<title>{escape(title)}</title></head>"
    return Answer(status, f"{head}<body><h1>{escape(title)}</h1>{inside}</body></html>\n".encode(), HTML, UNCACHED)
