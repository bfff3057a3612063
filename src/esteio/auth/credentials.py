"""The memory of proved credentials: what makes asking who is calling cost a microsecond instead of a query.

An entry is believed for `freshness` seconds at most, counted from before the look that made it. News (a key was
revoked, a session ended) drops it at once; when news may have been missed, everything is dropped. So a revocation
holds within a moment while Redis is up, and within `freshness` seconds whatever happens to Redis. While the database
is unavailable a fresh entry still serves and nothing else does.
"""

import asyncio
import math
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from esteio.auth.proof import Proof
from esteio.base.clock import Clock

Look = Callable[[bytes], Awaitable[Proof | None]]

TOPIC = "credentials"
RENEWED_AFTER = 0.75
"""Share of the freshness."""


class _Entry:
    __slots__ = ("fresh_until", "look", "proof", "renew_at")

    def __init__(self, proof: Proof | None, fresh_until: float, look: Look, renew_at: float = math.inf) -> None:
        self.proof = proof
        self.fresh_until = fresh_until
        self.look = look
        self.renew_at = renew_at


class Credentials:
    """Bounded, least recently used out first. The keys are SHA-256 digests: no credential stays in memory here."""

    def __init__(self, clock: Clock, *, freshness: float = 4.0, size: int = 10_000) -> None:
        self._now = clock.monotonic
        self._clock = clock
        self._freshness = freshness
        self._size = size
        self._proved: OrderedDict[bytes, _Entry] = OrderedDict()
        self._refused: OrderedDict[bytes, _Entry] = OrderedDict()
        self._resting: defaultdict[str, set[bytes]] = defaultdict(set)
        self._looking: dict[bytes, asyncio.Task[Proof | None]] = {}
        self._news = 0

    def __len__(self) -> int:
        return len(self._proved) + len(self._refused)

    def fresh(self, raw: bytes) -> Proof | None:
        """What is still believed of the credential; `None` when it has to be looked up.

        One that is used when three quarters of its time are over is looked up again meanwhile, so that who calls
        often never waits for it.
        """
        digest = sha256(raw).digest()
        entry = self._proved.get(digest)
        now = self._now()
        if entry is None or entry.fresh_until <= now:
            return None
        self._proved.move_to_end(digest)
        if entry.renew_at <= now:
            entry.renew_at = math.inf
            self._begin(digest, raw, entry.look)
        return entry.proof

    def refused(self, raw: bytes) -> bool:
        """Whether the credential was found to be wrong a moment ago."""
        entry = self._refused.get(sha256(raw).digest())
        return entry is not None and entry.fresh_until > self._now()

    async def prove(self, raw: bytes, look: Look) -> Proof | None:
        """What the credential proves, `None` when nothing; `look` is asked at most once at a time for each credential.

        Raises `Unavailable` when it has to be looked up and cannot be.
        """
        digest = sha256(raw).digest()
        refused = self._refused.get(digest)
        if refused is not None and refused.fresh_until > self._now():
            return None
        # A caller that hangs up must not take the answer from the others who wait for it.
        return await asyncio.shield(self._begin(digest, raw, look))

    def forget(self, subject: str | bytes) -> None:
        """News about what credentials rest on: `key:<id>`, `session:<id>`, `user:<id>` or `tenant:<id>`."""
        self._begin_anew()
        name = subject.decode("ascii", "replace") if isinstance(subject, bytes) else subject
        for digest in self._resting.pop(name, ()):
            self._drop(digest)

    def forget_all(self) -> None:
        """News may have been missed."""
        self._begin_anew()
        self._proved.clear()
        self._resting.clear()

    def _begin_anew(self) -> None:
        """What was refused may be good now, and what is being looked up may have been read too early."""
        self._news += 1
        self._refused.clear()
        self._looking.clear()

    def _begin(self, digest: bytes, raw: bytes, look: Look) -> "asyncio.Task[Proof | None]":
        looking = self._looking.get(digest)
        if looking is None:
            looking = self._looking[digest] = asyncio.create_task(self._look(digest, raw, look))
            looking.add_done_callback(_heard)
        return looking

    async def _look(self, digest: bytes, raw: bytes, look: Look) -> Proof | None:
        began, news = self._now(), self._news
        try:
            proof = await look(raw)
        finally:
            if self._looking.get(digest) is asyncio.current_task():
                del self._looking[digest]
        # What was read before the news may contradict it, so it serves who asked and is not kept.
        if news == self._news:
            self._keep(digest, proof, began, look)
        return proof

    def _keep(self, digest: bytes, proof: Proof | None, began: float, look: Look) -> None:
        self._drop(digest)
        until = began + self._freshness
        if proof is None:
            self._refused[digest] = _Entry(None, until, look)
            if len(self._refused) > self._size:
                self._refused.popitem(last=False)
            return
        if proof.expires_at is not None:
            until = min(until, began + (proof.expires_at - self._clock.now()).total_seconds())
        self._proved[digest] = _Entry(proof, until, look, began + self._freshness * RENEWED_AFTER)
        for subject in proof.rests_on:
            self._resting[subject].add(digest)
        if len(self._proved) > self._size:
            self._drop(next(iter(self._proved)))

    def _drop(self, digest: bytes) -> None:
        self._refused.pop(digest, None)
        entry = self._proved.pop(digest, None)
        if entry is None or entry.proof is None:
            return
        for subject in entry.proof.rests_on:
            resting = self._resting.get(subject)
            if resting is not None:
                resting.discard(digest)
                if not resting:
                    del self._resting[subject]


def _heard(looking: "asyncio.Task[Proof | None]") -> None:
    """A failure that nobody waits for any more is no news."""
    if not looking.cancelled():
        looking.exception()
