"""What the Gemini API answers."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping

from esteio.standins.gemini import domain
from esteio.standins.gemini.asked import Asked, Unfit, asked, called
from esteio.standins.gemini.drawing import NoPicture
from esteio.standins.gemini.errors import error, no_key, no_model, wrong_key
from esteio.standins.gemini.memory import Due, Memory, due
from esteio.standins.gemini.outcomes import WORDS, bad, given, painted
from esteio.standins.gemini.story import shaped, told
from esteio.standins.wire import HTML, Answer, Request, written

RETIRED = frozenset({"gemini-2.5-flash-image", "gemini-3.1-flash-image-preview", "gemini-3-pro-image-preview"})
BODY_LIMIT = 20 * 1024 * 1024
"""The real one's own: 20 MB for a request with inline data."""


class Gemini:
    """`generateContent`. Without an `api_key` any key is taken; `models` are all that there are, None: all but old."""

    faults: Mapping[str, str] = WORDS
    body_limit = BODY_LIMIT

    def __init__(self, api_key: str | None = None, models: frozenset[str] | None = None) -> None:
        self.memory = Memory()
        self.models = models
        self._first_models = models
        self._api_key = api_key

    def reset(self) -> None:
        self.memory.forget()
        self.memory.dues.clear()
        self.models = self._first_models

    async def answer(self, request: Request, fault: str) -> Answer | None:
        if (call := called(request)) is None:
            return Answer(404, b"<!DOCTYPE html><title>Error 404 (Not Found)</title>", HTML)
        if refused := self._refused(request, *call):
            return refused
        try:
            return await self._came_to(asked(request, *call), fault)
        except Unfit as unfit:
            return error(400, "INVALID_ARGUMENT", str(unfit))
        except NoPicture as unread:
            return error(400, "INVALID_ARGUMENT", str(unread))

    def _refused(self, request: Request, version: str, model: str) -> Answer | None:
        key = request.headers.get("x-goog-api-key") or request.query.get("key")
        if not key:
            return no_key()
        if self._api_key is not None and not hmac.compare_digest(key.encode(), self._api_key.encode()):
            return wrong_key()
        there = model not in RETIRED if self.models is None else model in self.models
        return None if there else no_model(version, model)

    async def _came_to(self, wanted: Asked, fault: str) -> Answer | None:
        now = Due(fault) if fault in WORDS else self.memory.next(wanted)
        self.memory.keep(wanted, now.outcome)
        if now.outcome != "ok":
            return await asyncio.to_thread(bad, now.outcome, wanted, now.seconds)
        if wanted.image:
            return await asyncio.to_thread(painted, wanted)
        return given(wanted, [{"text": _words(wanted)}])

    def control(self, request: Request) -> Answer | None:
        """`/_standin/next`: what is due; `/_standin/requests`: what was asked; `/_standin/models`: which there are."""
        match request.method, request.path.rstrip("/").removeprefix("/_standin/"):
            case "GET", "next":
                return written([vars(one) for one in self.memory.dues])
            case "PUT", "next":
                entries = request.json()
                self.memory.dues = [due(one) for one in (entries if isinstance(entries, list) else [entries])]
                return written([vars(one) for one in self.memory.dues])
            case "GET", "requests":
                return written([*self.memory.requests])
            case "DELETE", "requests":
                self.memory.forget()
                return Answer(204)
            case "GET", "models":
                return written({"known": self._known(), "calls": dict(self.memory.models)})
            case "PUT", "models":
                return self._teach(request.json())
        return None

    def _known(self) -> list[str] | None:
        return None if self.models is None else sorted(self.models)

    def _teach(self, names: object) -> Answer:
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise ValueError("give a list of names, or null for all but old ones")
        self.models = None if names is None else frozenset(names)
        return written({"known": self._known(), "calls": dict(self.memory.models)})


def _words(wanted: Asked) -> str:
    if not wanted.json:
        return told(wanted.prompt)
    if domain.wanted(wanted.schema):
        return domain.coded(wanted.prompt)
    return shaped(wanted.prompt, wanted.schema)
