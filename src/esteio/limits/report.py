"""What one process tells of the callers that it has in view, read once and by tenant."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from esteio.limits.identity import Counted, read_key
from esteio.limits.near import Sight


class Told(NamedTuple):
    """One counted key in a report, with whom it counts."""

    counted: Counted
    sight: Sight


class Report:
    """The sights of a process. What is no counted key is left out."""

    def __init__(self, sights: Iterable[Sight]) -> None:
        self._tenants: defaultdict[UUID, list[Told]] = defaultdict(list)
        for sight in sights:
            with suppress(ValueError):
                counted = read_key(sight.key)
                self._tenants[counted.tenant].append(Told(counted, sight))

    def of(self, tenant: UUID | None) -> Iterable[Told]:
        """Those of a tenant, `None` being everybody."""
        if tenant is None:
            return chain.from_iterable(self._tenants.values())
        return self._tenants.get(tenant, ())


def written(sights: Sequence[Sight]) -> str:
    """As processes tell it to one another."""
    return json.dumps(sights, separators=(",", ":"))


def read(text: bytes) -> Report:
    """A process of another release may say it in another way: what cannot be read is left out."""
    with suppress(ValueError, TypeError):
        return Report(
            [Sight(str(name), int(used), int(held), int(refused)) for name, used, held, refused in json.loads(text)]
        )
    return Report(())
