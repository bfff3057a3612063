"""What the server is told and asked over its control port."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict

from esteio.standins.faults import Impossible
from esteio.standins.smtp.box import Box, Kept
from esteio.standins.smtp.papers import Papers
from esteio.standins.smtp.terms import ONCE, WORDS, Terms
from esteio.standins.wire import TEXT, Answer, Request, written

MAIL = "message/rfc822"


class Smtp:
    """The mails, the terms they are taken on, and the faults that the next connections have."""

    faults: Mapping[str, str] = WORDS

    def __init__(self, box: Box, terms: Terms) -> None:
        self.box = box
        self.terms = terms
        self.papers: Papers | None = None
        self.due: deque[str] = deque()

    def reset(self) -> None:
        self.due.clear()
        self.box.empty()

    def answer(self, request: Request, fault: str) -> Answer | None:
        """Nobody speaks HTTP with a mail server."""
        return Answer(404)

    def tell(self, *names: str) -> None:
        """The next connections meet these, in this order, instead of what was due. Raises `Impossible`."""
        for name in names:
            if name not in ONCE:
                raise Impossible(f"there is no {name!r} for one connection; there are {', '.join(sorted(ONCE))}")
        self.due = deque(names)

    def control(self, request: Request) -> Answer | None:
        match request.method, request.path.rstrip("/").split("/")[2:]:
            case "GET", ["mails"]:
                return written(_listed(self.box.all(), request.query))
            case "DELETE", ["mails"]:
                self.box.empty()
                return Answer(204)
            case "GET" | "DELETE" as method, ["mails", number]:
                return self._one(method, number)
            case "GET", ["mails", number, "told"]:
                return next((written(told(one)) for one in self.box.all() if one.id == number), None)
            case "GET", ["certificate"] if self.papers:
                return Answer(body=self.papers.authority.encode(), media=TEXT)
            case "GET", ["next"]:
                return written([*self.due])
            case "PUT", ["next"]:
                return self._due(request.json())
        return None

    def _one(self, method: str, number: str) -> Answer | None:
        try:
            if method == "GET":
                return Answer(body=self.box.content(number), media=MAIL)
            self.box.drop(number)
        except (KeyError, FileNotFoundError):
            return None
        return Answer(204)

    def _due(self, names: object) -> Answer:
        listed = names if isinstance(names, list) else [names]
        if not all(isinstance(name, str) for name in listed):
            raise Impossible("give the names of faults")
        self.tell(*listed)
        return written([*self.due])


def _listed(mails: list[Kept], query: Mapping[str, str]) -> object:
    """Those to an address, and with `take` so many of the newest that have `search` somewhere, behind `skip`."""
    address, words = query.get("to", "").lower(), query.get("search", "").lower()
    found = [one for one in mails if not address or address in map(str.lower, one.to)]
    if "take" not in query:
        return [told(one) for one in found]
    heads = [one for one in found[::-1] if words in "\n".join((one.subject, one.sender, *one.to)).lower()]
    first = int(query.get("skip", "0"))
    return {"total": len(heads), "mails": [told(one) for one in heads[first : first + int(query["take"])]]}


def told(kept: Kept) -> dict[str, object]:
    """As JSON shows it."""
    members = asdict(kept)
    return {"id": members.pop("id"), "from": members.pop("sender"), **members}
