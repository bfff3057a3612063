"""`X-Idempotency-Key`: the same call twice does one thing, and is answered twice."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from esteio.standins.mercadopago.refusals import NO_KEY, Refused
from esteio.standins.wire import Answer, Request

LONGEST = 64
KEPT = 10_000


@dataclass
class _Call:
    what: bytes
    answer: Answer | None = None


class Keys:
    """The calls that were made with a key. `seconds` is how long one takes, with its key locked meanwhile."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.seconds = 0.0
        self._calls: dict[str, _Call] = {}

    async def once(self, request: Request, mandatory: bool, work: Callable[[], Answer]) -> Answer:
        """The first answer of the key's call; only what went well is kept. Raises `Refused`."""
        key = request.headers.get("x-idempotency-key", "")
        if len(key) > LONGEST:
            raise Refused(f"Header X-Idempotency-Key can't be longer than {LONGEST}", code=NO_KEY)
        if mandatory and not key:
            raise Refused("Header X-Idempotency-Key can't be null", code=NO_KEY)
        if not key:
            await asyncio.sleep(self.seconds)
            return work()
        return await self._kept(key, request, work)

    async def _kept(self, key: str, request: Request, work: Callable[[], Answer]) -> Answer:
        what = hashlib.sha256(b"\0".join([request.method.encode(), request.path.encode(), request.body])).digest()
        if (before := self._calls.get(key)) is not None:
            if before.what != what:
                raise Refused("X-Idempotency-Key was used for another request", 409)
            if before.answer is None:
                raise Refused("A request with this X-Idempotency-Key is being processed", 423)
            return before.answer
        call = self._calls[key] = _Call(what)
        try:
            await asyncio.sleep(self.seconds)
            call.answer = work()
        finally:
            if call.answer is None and self._calls.get(key) is call:
                del self._calls[key]
        self._forget()
        return call.answer

    def _forget(self) -> None:
        if len(self._calls) > KEPT:
            oldest = next((key for key, call in self._calls.items() if call.answer is not None), None)
            self._calls.pop(oldest or "", None)
