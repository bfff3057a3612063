"""Raw asyncpg and orjson in a bare ASGI function: the floor of reading rows from PostgreSQL."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson

from bench import sample

# Cast where orjson has no writer of its own for what asyncpg returns: its UUID class and Decimal.
CASTS = {"id": "id::text", "weight_kg": "weight_kg::float8"}
COLUMNS = ", ".join(CASTS.get(column, column) for column in sample.COLUMNS)
QUERY = f"SELECT {COLUMNS} FROM pets ORDER BY pets.created_at DESC, pets.id DESC LIMIT $1"
LIMITS = {"/pets": 20, "/pets-200": 200}


class App:
    """Opens its pool in the lifespan; asyncpg keeps the one statement prepared on every connection."""

    def __init__(self) -> None:
        self.pool: asyncpg.Pool | None = None

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        else:
            await self.answer(scope["path"], send)

    async def live(self, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        await receive()
        self.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def answer(self, path: str, send: Any) -> None:
        rows = await self.pool.fetch(QUERY, LIMITS[path])
        body = orjson.dumps([dict(row) for row in rows])
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


app = App()
