"""Outside parties that the house itself calls: who they are, and on which terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator

from esteio.upstream.guard import UrlRefused, parsed


def _callable(text: str) -> str:
    try:
        parsed(text)
    except UrlRefused as error:
        raise ValueError(f"this cannot be called: {error}") from error
    return text.rstrip("/")


PartyUrl = Annotated[str, AfterValidator(_callable)]
"""Where a party is, as a setting of the service that calls it; without a slash at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a party is called. Times are in seconds, sizes in bytes.

    url: where it is; the host is the operator's choice and may be called wherever its name leads. connect, read: for
    each try. total: for a whole call, all tries and the waits between them included: nobody waits longer.
    tries: at most so many of a call. largest: most of an answer's body.
    failures: so many failed tries in a row, counted over all processes, open the breaker; rest: for how long nothing
    is sent then, before one probe is let through. headers: sent with every call.
    """

    url: str
    connect: float = 0.5
    read: float = 1.0
    total: float = 1.8
    tries: int = 2
    largest: int = 2_097_152
    failures: int = 5
    rest: float = 5.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Party:
    """An outside party by the name that metrics, logs and Redis keys know it by.

    `terms` finds its terms in the settings of the service that declares it.
    """

    name: str
    terms: Callable[[Any], Terms]
