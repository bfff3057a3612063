"""What a stand-in can be told beside its faults, each by the calls of its control port that do it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """One call of a control port."""

    method: str
    path: str
    told: Any = None


class Act(NamedTuple):
    words: str
    steps: tuple[Step, ...]


EVERYBODYS: Mapping[str, Act] = {
    "forget": Act("counts calls from 0", (Step("DELETE", "/calls"),)),
    "reset": Act("as at the start: no fault, no calls counted, its data anew", (Step("DELETE", ""),)),
}
OWN: Mapping[str, Mapping[str, Act]] = {
    "mercadopago": {
        "hold": Act("keeps notifications back", (Step("PUT", "/notifications", {"hold": True}),)),
        "release": Act(
            "sends what was kept back, and keeps back no more",
            (Step("PUT", "/notifications", {"hold": False}), Step("POST", "/notifications/release", {})),
        ),
    },
    "oidc": {"rotate": Act("signs with a new key", (Step("POST", "/keys", {}),))},
}


def acts_of(name: str) -> Mapping[str, Act]:
    """Those of a party, by name."""
    return {**OWN.get(name, {}), **EVERYBODYS}
