"""What of capsules is not as it should be: worth knowing, and no reason to send requests elsewhere."""

import asyncio
from collections.abc import Mapping
from importlib.util import find_spec

from esteio.base.clock import Clock
from esteio.manifest import Degraded, HealthCheck
from esteio.resources import Resources
from esteio.services.capsules.domain.sandbox import NoSandbox
from esteio.services.capsules.domain.trial import demand_sandbox
from esteio.services.capsules.settings import CapsulesSettings

EXTRA = ("jinja2", "yaml", "tree_sitter", "tree_sitter_go", "tree_sitter_javascript", "tree_sitter_typescript")
"""What comes with `esteio[capsules]`."""

AGAIN = 300.0
"""Seconds that a look at the sandbox counts: each is a process."""

PATIENCE = 1.0


def health(section: CapsulesSettings) -> Mapping[str, HealthCheck]:
    """The checks under these settings: without a key of Gemini there is no sandbox to look at."""
    checks: dict[str, HealthCheck] = {"capsules.extra": _extra}
    if section.gemini_api_key.get_secret_value():
        checks["capsules.sandbox"] = Sandbox().demand
    return checks


async def _extra(_: Resources) -> None:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise Degraded(f"capsules cannot be made or looked at: {', '.join(missing)} of esteio[capsules] is missing")


class Sandbox:
    """Whether what the model writes could be tried on this machine. Workers may be elsewhere: each job looks anew."""

    def __init__(self) -> None:
        self._looked: float | None = None
        self._missing: str | None = None
        self._looking: asyncio.Task[None] | None = None

    async def demand(self, resources: Resources) -> None:
        """Raises `Degraded`. A look that takes long is not waited for: the next asker hears what it found."""
        if self._looked is None or resources.clock.monotonic() - self._looked >= AGAIN:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look(resources.clock))
            await asyncio.wait((self._looking,), timeout=PATIENCE)
        if self._missing is not None:
            raise Degraded(f"no domain code is taken from the model: {self._missing}")

    async def _look(self, clock: Clock) -> None:
        try:
            await demand_sandbox()
            self._missing = None
        except NoSandbox as error:
            self._missing = str(error)
        self._looked = clock.monotonic()
