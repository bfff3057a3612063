"""The house without its door: what commands of an operator work with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from esteio.app import create_app
from esteio.auth.parts import Auth
from esteio.resources import open_resources
from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings

T = TypeVar("T")


def with_auth(work: Callable[[Auth], Awaitable[T]]) -> T:
    """Run a piece of administration against the database and Redis of the settings."""

    async def run() -> T:
        configure(TelemetrySettings(log_level="warning", log_format="console"))
        app = create_app()
        async with open_resources(app.resources):
            return await work(app.auth)

    return asyncio.run(run())
