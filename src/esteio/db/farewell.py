"""Ending a connection without waiting for a server that may not listen."""

import asyncpg

LONGEST = 0.2
"""Seconds. A server that is well needs a few milliseconds, also to give up what it is doing."""


class Brief(asyncpg.Connection):
    """A connection whose closing takes a moment at most: what is not closed politely by then is dropped.

    SQLAlchemy closes a connection that broke off with a grace of two seconds, in the middle of the request.
    """

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's own signature
        """Raises `TimeoutError` when it was dropped."""
        await super().close(timeout=LONGEST if timeout is None else min(timeout, LONGEST))
