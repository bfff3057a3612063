"""The Gemini API for the time of a block: `with running_gemini() as painter: …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from esteio.standins.gemini.memory import due
from esteio.standins.gemini.site import Gemini
from esteio.standins.running import Running, running


class Painter(Running):
    """A running Gemini, told what its next answers are and asked what it was sent."""

    _site: Gemini

    def next(self, *outcomes: str | dict[str, Any]) -> None:
        """What the next answers come to, in this order, instead of what was due; those after them are well again.

        A name, or {"outcome": …} with `seconds` (to wait, of a quota), `times`, `kind` (image, text) and `containing`
        (words of the prompt that it is for). Raises `ValueError`.
        """
        dues = [due(one) for one in outcomes]
        self.do(lambda: setattr(self._site.memory, "dues", dues))

    def requests(self) -> list[dict[str, Any]]:
        """What was asked, the oldest first: version, model, kind, prompt, pictures (media, bytes, sha256), outcome."""
        return self.do(lambda: [*self._site.memory.requests])

    def models(self, *names: str) -> None:
        """There are just these models; without names, all but old ones."""
        self.do(lambda: setattr(self._site, "models", frozenset(names) or None))


@contextmanager
def running_gemini(api_key: str | None = None, port: int = 0) -> Iterator[Painter]:
    """The API on a free port (or this one) of the loopback address until the block ends; `url` is a client's base."""
    site = Gemini(api_key)
    with running(site, Painter, port) as painter:
        painter._site = site
        yield painter
