"""Idempotency keys: one effect and one answer per tenant, caller, operation and key.

The record is claimed and filled in the business transaction, so that it commits or vanishes with the rows it stands
for. A crash before the commit leaves neither; a crash after it leaves both, and the retry reads the answer.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import orjson
from sqlalchemy import LargeBinary, SmallInteger, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.crypto import Keyring
from esteio.base.errors import BadRequest, FieldError, IdempotencyInProgress, IdempotencyKeyReused
from esteio.db.database import Database
from esteio.db.reading import reading
from esteio.db.tables import Table, TenantOwned
from esteio.http.answers import Resource

_BARE = re.compile(r"[\x21-\x7e]{1,255}\Z")
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"\Z')
_PURPOSE = "idempotency-answer"


class IdempotencyRecord(TenantOwned, Table):
    """One claimed key. `answer` is the stored resource, or the problem body when `problem` is set."""

    __tablename__ = "idempotency_records"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    problem: Mapped[bool]
    sealed: Mapped[bool]
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)


_FIND = reading(
    select(
        IdempotencyRecord.fingerprint,
        IdempotencyRecord.status,
        IdempotencyRecord.problem,
        IdempotencyRecord.sealed,
        IdempotencyRecord.answer,
    ).where(IdempotencyRecord.digest == bindparam("digest"), IdempotencyRecord.expires_at > bindparam("now"))
)


class Raced(Exception):
    """Another request with the same key committed between our look and our claim: look again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request with an Idempotency-Key wants to be the first to do."""

    tenant: UUID
    digest: bytes
    fingerprint: bytes
    key: str
    expires_at: datetime
    now: datetime
    secret: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was given before: a resource, or a problem body with its status."""

    resource: Resource | None
    problem: bytes
    status: int


def parsed_key(value: bytes) -> str:
    """The key of an `Idempotency-Key` field: an sf-string (RFC 9651) or bare, 1–255 visible characters."""
    written = value.decode("latin-1").strip()
    quoted = _QUOTED.match(written)
    if quoted:
        return re.sub(r'\\(["\\])', r"\1", quoted[1])
    if _BARE.match(written) and not written.startswith('"'):
        return written
    raise BadRequest(
        "Idempotency-Key is 1 to 255 visible ASCII characters, bare or as a quoted string.",
        errors=[FieldError("BAD_REQUEST", "1 to 255 visible ASCII characters", "Idempotency-Key")],
    )


def make_claim(
    *,
    tenant: UUID,
    scope: tuple[str, ...],
    request: tuple[bytes, ...],
    key: str,
    now: datetime,
    hours: int,
    secret: bool,
) -> Claim:
    """A claim for the key in its scope (caller, method, route), for just this request.

    Of the request its path, query, type, condition and body count.
    """
    return Claim(
        tenant=tenant,
        digest=_digest([part.encode() for part in (*scope, key)]),
        fingerprint=_digest(request),
        key=key,
        expires_at=now + timedelta(hours=hours),
        now=now,
        secret=secret,
    )


def _digest(parts: list[bytes] | tuple[bytes, ...]) -> bytes:
    """SHA-256 over the parts with their lengths, so that no two lists of parts run together."""
    joined = sha256()
    for part in parts:
        joined.update(len(part).to_bytes(8))
        joined.update(part)
    return joined.digest()


class IdempotencyRecords:
    """Finds, claims and fills records. Secret answers are sealed with the key that only the caller has."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def find(self, claim: Claim) -> Stored | None:
        """The stored answer. Raises `IdempotencyKeyReused` when it belongs to another request."""
        rows = await self._database.read(
            claim.tenant, _FIND, *_FIND.arguments({"digest": claim.digest, "now": claim.now})
        )
        if not rows:
            return None
        row = rows[0]
        if row["fingerprint"] != claim.fingerprint:
            raise IdempotencyKeyReused
        answer = self._opened(row["answer"], claim) if row["sealed"] else row["answer"]
        if row["problem"]:
            return Stored(None, answer, row["status"])
        return Stored(_resource(answer, row["status"]), b"", row["status"])

    async def claim(self, session: AsyncSession, claim: Claim) -> None:
        """Take the key for the running transaction, without ever waiting for another.

        Raises `IdempotencyInProgress` while another transaction holds it, `Raced` when one has just committed it.
        """
        number = int.from_bytes(claim.digest[:8], signed=True)
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
            raise IdempotencyInProgress(headers={"Retry-After": "1"})
        taken = await session.scalar(
            select(IdempotencyRecord.digest).where(
                IdempotencyRecord.digest == claim.digest, IdempotencyRecord.expires_at > claim.now
            )
        )
        if taken is not None:
            raise Raced
        await session.execute(_PURGE, {"now": claim.now, "digest": claim.digest})

    async def fill(self, session: AsyncSession, claim: Claim, resource: Resource) -> None:
        """Store the answer in the business transaction."""
        packed = orjson.dumps(
            {
                "data": resource.data.decode(),
                "etag": resource.etag,
                "links": resource.links.decode(),
                "meta": resource.meta.decode(),
                "headers": [[name.decode(), value.decode("latin-1")] for name, value in resource.headers],
            }
        )
        await self._insert(session, claim, packed, resource.status, problem=False)

    async def fill_problem(self, session: AsyncSession, claim: Claim, body: bytes, status: int) -> None:
        """Store a refusal, in a transaction of its own since the business one was rolled back."""
        await self._insert(session, claim, body, status, problem=True)

    async def _insert(self, session: AsyncSession, claim: Claim, answer: bytes, status: int, *, problem: bool) -> None:
        values = {
            "tenant_id": claim.tenant,
            "digest": claim.digest,
            "fingerprint": claim.fingerprint,
            "status": status,
            "problem": problem,
            "sealed": claim.secret,
            "answer": self._sealed(answer, claim) if claim.secret else answer,
            "expires_at": claim.expires_at,
        }
        done = await session.execute(
            insert(IdempotencyRecord).values(values).on_conflict_do_nothing().returning(IdempotencyRecord.digest)
        )
        if done.scalar() is None and not problem:
            raise Raced

    def _sealed(self, answer: bytes, claim: Claim) -> bytes:
        return self._keyring.seal(_PURPOSE, answer, claim.digest, known=claim.key.encode())

    def _opened(self, answer: bytes, claim: Claim) -> bytes:
        return self._keyring.open(_PURPOSE, answer, claim.digest, known=claim.key.encode())


# Expired records go in passing, a few with each claim, so that the table stays as large as a day's requests.
_PURGE = text(
    "DELETE FROM idempotency_records WHERE digest = :digest AND expires_at <= :now OR (tenant_id, digest) IN "
    "(SELECT tenant_id, digest FROM idempotency_records WHERE expires_at <= :now LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


def _resource(packed: bytes, status: int) -> Resource:
    stored = orjson.loads(packed)
    return Resource(
        data=stored["data"].encode(),
        etag=stored["etag"],
        links=stored["links"].encode(),
        meta=stored["meta"].encode(),
        headers=tuple((name.encode(), value.encode("latin-1")) for name, value in stored["headers"]),
        status=status,
    )
