"""The files that a restore has put where none were: they go again when their rows do not come."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

import orjson

from esteio.files.store import Store


class Brought:
    """Their keys, in a file: there may be millions."""

    def __init__(self, store: Store, spool: IO[bytes]) -> None:
        self._store = store
        self._spool = spool

    def note(self, key: str) -> None:
        """The store does not have this key, and is about to be given it."""
        self._spool.write(orjson.dumps(key) + b"\n")

    async def take_back(self) -> int:
        """Remove them, and no other; how many. Raises as `Store` does."""
        self._spool.seek(0)
        count = 0
        for line in self._spool:
            await self._store.delete(orjson.loads(line))
            count += 1
        return count


@contextmanager
def bringing(store: Store) -> Iterator[Brought]:
    """The list, for the time of the block."""
    with TemporaryFile() as spool:
        yield Brought(store, spool)
