"""The keys that sign access tokens: made, published, used, kept until their tokens have expired, forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.algorithms import ECAlgorithm
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.settings import AuthSettings
from esteio.auth.tables import SigningKey
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.ids import random_base62
from esteio.db.database import Database
from esteio.db.reading import reading
from esteio.db.transaction import after_commit, transaction

ALGORITHM = "ES256"
PURPOSE = "signing-key"
_TURN = 0x7369676E
_REREAD_SECONDS = 4.0
_STRANGER_SECONDS = 1.0

_ALL = reading(
    select(SigningKey.kid, SigningKey.public_pem, SigningKey.sealed_private, SigningKey.active_from).order_by(
        SigningKey.active_from, SigningKey.kid
    )
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One key pair. It signs from `active_from` until the next one's; it verifies as long as it is kept."""

    kid: str
    public: ec.EllipticCurvePublicKey
    sealed: bytes
    active_from: datetime

    def private(self, keyring: Keyring) -> ec.EllipticCurvePrivateKey:
        found = load_pem_private_key(keyring.open(PURPOSE, self.sealed, self.kid.encode()), None)
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        return found

    def as_jwk(self) -> dict[str, Any]:
        """RFC 7517, for `/.well-known/jwks.json`."""
        jwk: dict[str, Any] = ECAlgorithm(ECAlgorithm.SHA256).to_jwk(self.public, as_dict=True)
        return {**jwk, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}


class SigningKeys:
    """All processes' common keys, never believed for longer than four seconds: a deleted one has leaked."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, settings: AuthSettings) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._settings = settings
        self._pairs: list[Pair] = []
        self._private: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._read_at = float("-inf")

    async def signer(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        """The newest key whose time has come, with its `kid`; the very first one is made here.

        Where this machine's clock is so far behind that no key's time has come, the oldest signs.
        """
        pairs = await self.published()
        if not pairs:
            await self.ensure()
            pairs = await self._reread()
        now = self._clock.now()
        pair = next((pair for pair in reversed(pairs) if pair.active_from <= now), pairs[0])
        if pair.kid not in self._private:
            self._private = {pair.kid: pair.private(self._keyring)}
        return pair.kid, self._private[pair.kid]

    async def public(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """The key that verifies tokens of this `kid`. Made-up ones cause one read a second at most."""
        await self.published()
        found = self._find(kid)
        if found is None and self._clock.monotonic() - self._read_at >= _STRANGER_SECONDS:
            await self._reread()
            found = self._find(kid)
        return found

    async def published(self) -> list[Pair]:
        """All keys that verify, oldest first; those of the future among them, so that nobody meets a stranger."""
        if self._clock.monotonic() - self._read_at >= _REREAD_SECONDS:
            await self._reread()
        return self._pairs

    async def ensure(self) -> None:
        """Make the first key, or a successor for one that has come of age. Any number of processes make one."""
        async with transaction(self._database, None) as session:
            await _take_turn(session)
            newest = await session.scalar(select(func.max(SigningKey.active_from)))
            now = self._clock.now()
            if newest is None:
                self._add(session, now)
            elif newest < now - timedelta(days=self._settings.signing_key_days):
                self._add(session, now + timedelta(seconds=self._settings.signing_lead_seconds))
                await self._forget_old(session, now)

    async def rotate(self, session: AsyncSession, *, at_once: bool = False) -> SigningKey:
        """Make a key that signs after the lead time.

        `at_once` is for a key that has leaked: the new one signs now, all others are deleted with their tokens.
        """
        await _take_turn(session)
        after_commit(session, self._look_again)
        now = self._clock.now()
        if at_once:
            await session.execute(delete(SigningKey))
            return self._add(session, now)
        await self._forget_old(session, now)
        return self._add(session, now + timedelta(seconds=self._settings.signing_lead_seconds))

    async def _look_again(self) -> None:
        self._read_at = float("-inf")

    def _add(self, session: AsyncSession, active_from: datetime) -> SigningKey:
        kid = random_base62(16)
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        made = SigningKey(
            kid=kid,
            public_pem=public.decode(),
            sealed_private=self._keyring.seal(PURPOSE, pem, kid.encode()),
            created_at=self._clock.now(),
            active_from=active_from,
        )
        session.add(made)
        return made

    async def _forget_old(self, session: AsyncSession, now: datetime) -> None:
        """Delete keys whose successor has signed for longer than a token lives."""
        expired = now - timedelta(minutes=self._settings.access_minutes + 5)
        times = (await session.scalars(select(SigningKey.active_from).order_by(SigningKey.active_from.desc()))).all()
        superseded = [since for since in times if since <= expired]
        if superseded:
            await session.execute(delete(SigningKey).where(SigningKey.active_from < superseded[0]))

    def _find(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        return next((pair.public for pair in self._pairs if pair.kid == kid), None)

    async def _reread(self) -> list[Pair]:
        read_at = self._clock.monotonic()
        rows = await self._database.read(None, _ALL)
        self._pairs = [
            Pair(row["kid"], _public(row["public_pem"]), row["sealed_private"], row["active_from"]) for row in rows
        ]
        self._read_at = read_at
        return self._pairs


def _public(pem: str) -> ec.EllipticCurvePublicKey:
    found = load_pem_public_key(pem.encode())
    assert isinstance(found, ec.EllipticCurvePublicKey)
    return found


async def _take_turn(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TURN})
