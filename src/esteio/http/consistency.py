"""Reads on replicas that never hide from a caller what the caller has written.

After a commit the answer carries its place in the log as a token, which a caller may send back with a read. For callers
that know of no tokens the place is kept in Redis by principal, for as long as a replica in use may be behind; whoever
is nobody is told apart by address. While Redis is away, or may have lost such places, reads go to the primary.
"""

import base64
from contextlib import suppress

from redis.exceptions import RedisError

from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import EsteioError
from esteio.db.replicas import Allowance, Primary
from esteio.http.exchange import Exchange
from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import key
from esteio.redis.script import Script
from esteio.telemetry.context import Context, current

HEADER = b"consistency-token"
PURPOSE = "consistency"
TOKEN = 48
"""Characters of a token: a nonce, eight bytes and a seal."""

NOT_KNOWN = "f" * 16
"""Past every place: nothing but the primary will do."""

_SPARE = 1.0
_KEEP = Script("""
local kept = redis.call('GET', KEYS[1])
if not kept or kept < ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
""")


class Tokens:
    """Places in the log as callers carry them: sealed, since how much is written is nobody's business."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def make(self, position: int) -> bytes:
        sealed = self._keyring.seal(PURPOSE, position.to_bytes(8, "big"))
        return base64.urlsafe_b64encode(sealed)

    def read(self, token: bytes) -> int | None:
        """The place; `None` for what is not a token of this deployment."""
        if len(token) != TOKEN:
            return None
        try:
            return int.from_bytes(self._keyring.open(PURPOSE, base64.b64decode(token, b"-_", validate=True)), "big")
        except ValueError:
            return None


class Consistency:
    """One per process. `lag` is how far a replica in use may be behind, in seconds."""

    def __init__(
        self,
        primary: Primary,
        redis: RedisClient,
        bulletin: Bulletin,
        keyring: Keyring,
        clock: Clock,
        lag: float,
    ) -> None:
        self._primary = primary
        self._redis = redis
        self._bulletin = bulletin
        self._now = clock.monotonic
        self._tokens = Tokens(keyring)
        self._keep_for = int((lag + _SPARE) * 1000)
        self._sure_since = self._now()
        bulletin.on_gap(self._unsure)

    async def committed(self) -> None:
        """Remember the running request's or job's commit for its caller, and give the answer its token."""
        context = current.get()
        if context is None:
            return
        position = await self._position()
        if position is not None and isinstance(context, Exchange):
            _replace(context, self._tokens.make(position))
        written = NOT_KNOWN if position is None else f"{position:016x}"
        # Where Redis is away whoever reads finds that too, as a rule, and asks the primary; a write whose process alone
        # could not reach it is seen by its token.
        with suppress(RedisUnavailable, RedisError):
            await self._redis.run(_KEEP, [_name(context)], [written, self._keep_for])

    def allowance(self, exchange: Exchange, since: float) -> Allowance | None:
        """What the request's reads demand of a replica, beside having all from before `since`; `None`: the primary."""
        if not self._bulletin.connected:
            return None
        token = exchange.headers.get(HEADER)
        least = 0 if token is None else self._tokens.read(token)
        if least is None:
            return None

        async def floor() -> int | None:
            return await self._floor(exchange, least)

        return Allowance(max(since, self._sure_since), floor)

    async def _floor(self, exchange: Exchange, least: int) -> int | None:
        try:
            kept = await self._redis.execute("GET", _name(exchange))
        except (RedisUnavailable, RedisError):
            return None
        return max(least, int(kept, 16)) if kept else least

    async def _position(self) -> int | None:
        try:
            return await self._primary.position()
        except EsteioError:
            return None  # it is committed all the same

    def _unsure(self) -> None:
        """Redis was lost from sight: what it had kept of commits before now may be gone."""
        self._sure_since = self._now()


def _name(context: Context) -> str:
    principal, tenant = context.who()
    if isinstance(context, Exchange) and context.principal.anonymous:
        principal = f"{principal}@{context.address}"
    return key("consistency", tenant, principal)


def _replace(exchange: Exchange, token: bytes) -> None:
    """The answer says where its last commit is."""
    exchange.added = [field for field in exchange.added if field[0] != HEADER]
    exchange.added.append((HEADER, token))
