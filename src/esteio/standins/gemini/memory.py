"""What was asked, and what the next answers shall be."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from esteio.standins.gemini.asked import Asked
from esteio.standins.gemini.outcomes import WORDS

KEPT = 1000
KINDS = ("image", "text")
MEMBERS = {"outcome", "seconds", "times", "kind", "containing"}


@dataclass
class Due:
    """An outcome that some of the next answers have: of one kind only, to prompts with these words only."""

    outcome: str
    seconds: float | None = None
    times: int = 1
    kind: str | None = None
    containing: str = ""

    def meets(self, asked: Asked) -> bool:
        return self.kind in (None, "image" if asked.image else "text") and self.containing in asked.prompt


def due(told: Any) -> Due:
    """One entry, as JSON gives it: a name, or an object with `outcome`. Raises `ValueError`."""
    members = {"outcome": told} if isinstance(told, str) else told
    if not isinstance(members, dict) or not {"outcome"} <= set(members) <= MEMBERS:
        raise ValueError(f"give a name, or `outcome` and perhaps {', '.join(sorted(MEMBERS - {'outcome'}))}")
    made = Due(**members)
    if made.outcome != "ok" and made.outcome not in WORDS:
        raise ValueError(f"there is no outcome {made.outcome!r}; there are ok, {', '.join(WORDS)}")
    if made.kind not in (None, *KINDS):
        raise ValueError("`kind` is image or text")
    if not isinstance(made.times, int) or made.times < 1 or not isinstance(made.containing, str):
        raise ValueError("`times` is a number from 1 on, `containing` a text")
    if made.seconds is not None and (isinstance(made.seconds, bool) or not isinstance(made.seconds, int | float)):
        raise ValueError("`seconds` is a number")
    return made


class Memory:
    """The last thousand requests, calls by model, and the outcomes that are due."""

    def __init__(self) -> None:
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.models: Counter[str] = Counter()
        self.dues: list[Due] = []

    def next(self, asked: Asked) -> Due:
        """The first outcome that is due for such a request, taken off; `ok` where none is."""
        for one in self.dues:
            if one.meets(asked):
                one.times -= 1
                if one.times == 0:
                    self.dues.remove(one)
                return one
        return Due("ok")

    def keep(self, asked: Asked, outcome: str) -> None:
        self.models[asked.model] += 1
        pictures = [
            {"media": one.media, "bytes": len(one.data), "sha256": sha256(one.data).hexdigest()}
            for one in asked.pictures
        ]
        self.requests.append(
            {
                "version": asked.version,
                "model": asked.model,
                "kind": "image" if asked.image else "text",
                "prompt": asked.prompt,
                "pictures": pictures,
                "aspect": asked.aspect,
                "size": asked.size,
                "outcome": outcome,
            }
        )

    def forget(self) -> None:
        self.requests.clear()
        self.models.clear()
