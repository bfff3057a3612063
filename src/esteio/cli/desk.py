"""What an operator's command of a service works at: the house without its door."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from esteio.base.clock import SystemClock
from esteio.catalog import SHIPPED
from esteio.resources import Resources, open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings

T = TypeVar("T")


class HouseDesk:
    """Opens the house of the environment's settings for one piece of work."""

    def run(self, service: str, work: Callable[[Resources, Any], Coroutine[Any, Any, T]]) -> T:
        """What the work returns, given the resources and the service's settings."""
        configure(TelemetrySettings(log_level="warning", log_format="console"))
        settings = read_settings(sections(SHIPPED))

        async def working() -> T:
            async with open_resources(make_resources(settings, SystemClock(), SHIPPED)) as resources:
                return await work(resources, settings.services.get(service))

        return asyncio.run(working())
