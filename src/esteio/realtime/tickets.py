"""One-time tickets: how a browser, which can set no headers here, proves itself without a credential in an address.

Redis holds a digest of the ticket and the credential sealed with the ticket itself: neither of them opens it alone,
nor does who reads Redis learn either. A ticket proves what its credential proves when it is used.
"""

import secrets

from esteio.base.crypto import Keyring, sha256
from esteio.base.errors import InvalidCredentials
from esteio.realtime.credentials import Credential
from esteio.redis.client import RedisClient
from esteio.redis.keys import SYSTEM, key

PURPOSE = "realtime-ticket"
_LONGEST = 100


class Tickets:
    """Every call raises `RedisUnavailable`."""

    def __init__(self, redis: RedisClient, keyring: Keyring, seconds: int) -> None:
        self.seconds = seconds
        self._redis = redis
        self._keyring = keyring

    async def issue(self, shown: Credential) -> str:
        """A new ticket, good for `seconds` and once."""
        ticket = secrets.token_urlsafe(32)
        digest = sha256(ticket.encode())
        plain = shown.kind.encode() + b" " + shown.raw
        sealed = self._keyring.seal(PURPOSE, plain, digest, known=ticket.encode())
        await self._redis.execute("SET", _key(digest), sealed, "EX", self.seconds)
        return ticket

    async def redeem(self, ticket: str) -> Credential:
        """The credential behind the ticket, which is used up by this. Raises `InvalidCredentials`."""
        given = ticket.encode("utf-8", "surrogatepass")[:_LONGEST]
        digest = sha256(given)
        sealed = await self._redis.execute("GETDEL", _key(digest))
        if sealed is None:
            raise InvalidCredentials("The ticket is unknown, was used before or is too old.")
        try:
            kind, _, raw = self._keyring.open(PURPOSE, sealed, digest, known=given).partition(b" ")
        except ValueError as error:
            raise InvalidCredentials from error
        return Credential(kind.decode(), raw)


def _key(digest: bytes) -> str:
    return key("realtime", SYSTEM, "ticket", digest.hex())
