"""What a process holds open, and the order in which it is opened and closed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.db.database import Database
from esteio.files.files import Files
from esteio.mail.mailer import Mailer
from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.telemetry.reports import flush_later
from esteio.telemetry.tracing.tracing import Tracing
from esteio.upstream.parties import Upstreams


@dataclass(frozen=True, slots=True)
class Resources:
    """Shared by everything in a process; the same for the API, the CLI and workers."""

    clock: Clock
    keyring: Keyring
    database: Database
    redis: RedisClient
    bulletin: Bulletin
    files: Files
    mail: Mailer
    upstreams: Upstreams
    tracing: Tracing


@asynccontextmanager
async def open_resources(resources: Resources) -> AsyncIterator[Resources]:
    """Open all in order, close in reverse, whatever happens. A server that is down does not stop the opening."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(flush_later)
        stack.push_async_callback(resources.tracing.close)
        for part in (resources.database, resources.redis, resources.bulletin):
            await part.open()
            stack.push_async_callback(part.close)
        stack.push_async_callback(resources.upstreams.close)
        yield resources
