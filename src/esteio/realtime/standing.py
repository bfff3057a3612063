"""Revocations reach open connections: everyone who listens is proved again and again while it does.

A credential is looked at twice a second in the memory that requests use, which believes it for `freshness` seconds at
most and drops it when news of a change comes. So what is revoked is closed within a moment while the news come, and
within five seconds when they do not. What cannot be proved any more, because the database is away, is closed as well.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from esteio.auth.credentials import TOPIC
from esteio.auth.proof import Proof
from esteio.base.errors import Unavailable
from esteio.base.principal import Principal
from esteio.realtime.credentials import Credential, Proving, may_come_from
from esteio.realtime.listener import LATER, UNAUTHENTICATED, Listener
from esteio.redis.bulletin import Bulletin
from esteio.telemetry.logs import log

EVERY = 0.5
PATIENCE = 0.4
"""Seconds that a look may take once the memory of the last one is over."""

AT_ONCE = 8

Changed = Callable[[Listener, Principal], Awaitable[None]]


class _Shown:
    """A credential and all who listen by it.

    `since` is when its last proof was first seen, where it was seen to be new; `until` when it is given up, while it
    cannot be proved.
    """

    __slots__ = ("listeners", "proof", "since", "until")

    def __init__(self) -> None:
        self.proof: Proof | None = None
        self.since = -math.inf
        self.until: float | None = None
        self.listeners: dict[Listener, None] = {}


class Standing:
    """`changed` is called for each listener whose principal is not what it was: roles, permissions, plan."""

    def __init__(self, proving: Proving, bulletin: Bulletin, freshness: float, changed: Changed) -> None:
        self._proving = proving
        self._bulletin = bulletin
        self._freshness = freshness
        self._changed = changed
        self._shown: dict[Credential, _Shown] = {}
        self._news = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._asking: dict[Credential, asyncio.Task[None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._bulletin.on(TOPIC, lambda _: self._news.set())
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        tasks = [task for task in (self._running, *self._asking.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def watch(self, listener: Listener, credential: Credential) -> None:
        """Prove the listener's credential again as long as it listens."""
        self._shown.setdefault(credential, _Shown()).listeners[listener] = None

    def forget(self, listener: Listener, credential: Credential) -> None:
        shown = self._shown.get(credential)
        if shown is not None:
            shown.listeners.pop(listener, None)
            if not shown.listeners:
                del self._shown[credential]

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._news.wait()
            self._news.clear()
            for credential in list(self._shown):
                try:
                    self._look(credential)
                except Exception:
                    log("esteio.realtime").exception("standing.look_failed")

    def _look(self, credential: Credential) -> None:
        shown = self._shown[credential]
        proof = self._proving.fresh(credential)
        if (proof is None or proof is not shown.proof) and credential not in self._asking:
            task = self._asking[credential] = asyncio.create_task(self._ask(credential, shown))
            task.add_done_callback(lambda _: self._asking.pop(credential, None))

    async def _ask(self, credential: Credential, shown: _Shown) -> None:
        """Whoever proved itself a moment ago has more time than one whose proof is as old as it may be."""
        loop = asyncio.get_running_loop()
        if shown.until is None:
            shown.until = max(loop.time() + PATIENCE, shown.since + self._freshness)
        try:
            async with asyncio.timeout_at(shown.until), self._room:
                proof = await self._proving.prove(credential)
        except (Unavailable, TimeoutError):
            if loop.time() < shown.until:
                return  # it is asked again in a moment
            _end(shown, LATER, "your credentials cannot be checked at the moment")
            return
        if proof is None:
            _end(shown, UNAUTHENTICATED, "your credentials have ended")
            return
        await self._renew(shown, proof, loop.time())

    async def _renew(self, shown: _Shown, proof: Proof, now: float) -> None:
        if shown.proof is not None and proof is not shown.proof:
            shown.since = now
        shown.proof, shown.until = proof, None
        for listener in list(shown.listeners):
            if not may_come_from(proof, listener.address):
                listener.end(UNAUTHENTICATED, "your credentials may not be used from this address any more")
            elif proof.principal != listener.principal:
                await self._changed(listener, proof.principal)


def _end(shown: _Shown, code: int, reason: str) -> None:
    for listener in list(shown.listeners):
        listener.end(code, reason)
