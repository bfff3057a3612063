"""From a well-formed API key to whom it proves, in one statement."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import or_, select, update

from esteio.auth.permissions import Permissions
from esteio.auth.proof import Proof, networks_of
from esteio.auth.tables import ApiKey
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import EsteioError
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.db.tenancy import SETTING
from esteio.db.transaction import transaction
from esteio.telemetry.logs import log

PURPOSE = "api-key"
NOTED_EVERY = timedelta(seconds=60)
GATHERED_FOR = 0.5

# The digest names the tenant, and only then may the key's row be seen: as in `db.reading`, the lateral OFFSET makes
# PostgreSQL set the tenant first. Were it ever later, no row would be visible and the key refused.
_FIND = Reading(
    f"""
    WITH found AS MATERIALIZED (
        SELECT d.key_id, set_config('{SETTING}', d.tenant_id::text, true) AS tenant
        FROM api_key_digests d WHERE d.digest = $1
    )
    SELECT proved.* FROM found CROSS JOIN LATERAL (
        SELECT k.id, k.tenant_id, k.public_id, k.scopes, k.allowed_networks, k.expires_at, k.last_used_at,
               coalesce(k.plan, t.plan) AS plan
        FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
        WHERE k.id = found.key_id AND k.enabled AND k.revoked_at IS NULL AND t.disabled_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > $2)
        OFFSET length(found.tenant) * 0
    ) AS proved
    """  # noqa: S608 - a constant
)


class ApiKeys:
    """Looks keys up and notes their use, at most once a minute and key."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, permissions: Permissions) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._permissions = permissions
        self._used: defaultdict[UUID, dict[UUID, datetime]] = defaultdict(dict)
        self._noting: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def look(self, raw: bytes) -> Proof | None:
        """What a well-formed key proves; `None` for one that is unknown, expired, disabled or revoked."""
        now = self._clock.now()
        rows = await self._database.read(None, _FIND, self._keyring.digest(PURPOSE, raw), now)
        if not rows:
            return None
        row = rows[0]
        if row["last_used_at"] is None or now - row["last_used_at"] > NOTED_EVERY:
            self._used[row["tenant_id"]][row["id"]] = now
            if self._noting is None or self._noting.done():
                self._noting = asyncio.create_task(self._note_soon())
        return self._proof(row)

    async def settle(self) -> None:
        """Note at once what is to be noted."""
        if self._noting is not None:
            self._hurry.set()
            await self._noting
            self._hurry.clear()

    def _proof(self, row: asyncpg.Record) -> Proof:
        key, tenant = row["id"], row["tenant_id"]
        principal = Principal(
            id=f"key:{key}",
            tenant=tenant,
            proof="api_key",
            key=key,
            permissions=self._permissions.within(tenant, row["scopes"]),
            plan=row["plan"],
            label=row["public_id"],
        )
        rests_on = (f"key:{key}", f"tenant:{tenant}")
        return Proof(principal, rests_on, networks_of(row["allowed_networks"]), row["expires_at"])

    async def _note_soon(self) -> None:
        """Keys that were used at about the same time share a transaction."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), GATHERED_FOR)
        await self._note()

    async def _note(self) -> None:
        while self._used:
            tenant, keys = self._used.popitem()
            now = max(keys.values())
            due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - NOTED_EVERY)
            # Whoever holds the lock of a key notes it too, so that nobody waits for anybody.
            free = select(ApiKey.id).where(ApiKey.id.in_(keys), due).with_for_update(skip_locked=True)
            try:
                async with transaction(self._database, tenant) as session:
                    await session.execute(update(ApiKey).where(ApiKey.id.in_(free)).values(last_used_at=now))
            except EsteioError as error:
                log("esteio.auth").info("key.use_not_noted", cause=error.operator)
