"""A process of its own that presents one API key again and again, and says when it is accepted and when refused.

Its clock stands still: what it once believed it believes until it is told otherwise.
"""

import asyncio
import sys

from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings
from tests.auth.desk import desk, until


async def watch(url: str, redis_url: str, key: bytes) -> None:
    async with desk(url, redis_url=redis_url) as auth:
        for wanted in (True, False):

            async def is_so(wanted: bool = wanted) -> bool:
                return ((auth.credentials.fresh(key) or await auth.prover.by_key(key)) is not None) == wanted

            await until(is_so, within=30)
            print("accepted" if wanted else "refused", flush=True)


if __name__ == "__main__":
    configure(TelemetrySettings(log_level="error"))
    asyncio.run(watch(sys.argv[1], sys.argv[2], sys.argv[3].encode()))
