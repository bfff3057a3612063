"""A process that calls the party `shop` as the house's processes do, told what to do a line at a time.

`python -m tests.upstream.caller '{"url": …, "redis": …, "terms": {…}}'` reads commands as JSON lines and does each at
once, also while others are under way.
"""

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from esteio.upstream.cache import Keeping
from esteio.upstream.client import UpstreamUnavailable
from tests.upstream.parties import KEEPING, Shop, shop


async def call(it: Shop, path: str = "/ok", times: int = 1, together: bool = False) -> list[str]:
    """What became of each call: its status, or the seconds of its 503's Retry-After."""

    async def one() -> str:
        try:
            return str((await it.call(path, again=False)).status)
        except UpstreamUnavailable as error:
            return f"after {error.headers['Retry-After']}"

    if together:
        return list(await asyncio.gather(*(one() for _ in range(times))))
    return [await one() for _ in range(times)]


async def get(it: Shop, name: str, path: str, times: int = 1, keeping: dict[str, Any] | None = None) -> dict[str, int]:
    """How many of so many at once were answered how."""
    chosen = Keeping(**keeping) if keeping else KEEPING

    async def one() -> str:
        try:
            kept = await it.get(name, path, chosen)
        except UpstreamUnavailable:
            return "503"
        return f"{kept.state} {kept.value.decode() if kept.value is not None else 'none'}"

    return Counter(await asyncio.gather(*(one() for _ in range(times))))


async def turn(it: Shop, seconds: float) -> None:
    it.clock.turn(seconds)


DEEDS = {"call": call, "get": get, "turn": turn}


async def main(url: str, redis: str, terms: dict[str, Any]) -> None:
    async def do(command: dict[str, Any]) -> None:
        number, deed = command.pop("number"), DEEDS[command.pop("do")]
        print(json.dumps({"number": number, "what": await deed(it, **command)}), flush=True)

    async with shop(url, redis, **terms) as it, asyncio.TaskGroup() as doing:
        print(json.dumps({"number": 0, "what": "ready"}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            doing.create_task(do(json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
