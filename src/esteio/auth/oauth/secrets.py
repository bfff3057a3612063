"""From a presented client id and secret to the client, in one statement."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from prometheus_client import Counter

from esteio.auth.oauth.form import Presented
from esteio.auth.oauth.secret import digest_of, loggable
from esteio.auth.proof import networks_of
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.db.tenancy import SETTING
from esteio.http.proxies import Network
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import refusals
from esteio.telemetry.sparse import SparseLog

# As with API keys: the digest names the tenant, and only then may rows of it be seen.
_FIND = Reading(
    f"""
    WITH found AS MATERIALIZED (
        SELECT d.secret_id, set_config('{SETTING}', d.tenant_id::text, true) AS tenant
        FROM oauth_secret_digests d WHERE d.digest = $1
    )
    SELECT proved.* FROM found CROSS JOIN LATERAL (
        SELECT c.id, c.tenant_id, c.client_id, c.scopes, c.allowed_networks, c.last_used_at, s.id AS secret
        FROM oauth_client_secrets s
        JOIN oauth_clients c ON c.id = s.owner
        JOIN tenants t ON t.id = c.tenant_id
        WHERE s.id = found.secret_id AND (s.expires_at IS NULL OR s.expires_at > $2)
          AND c.enabled AND c.revoked_at IS NULL AND t.disabled_at IS NULL
        OFFSET length(found.tenant) * 0
    ) AS proved
    """  # noqa: S608 - a constant
)


@dataclass(frozen=True, slots=True)
class Client:
    """A client that showed a secret which is good now. `secret` is the id of that secret."""

    id: UUID
    tenant: UUID
    client_id: str
    secret: UUID
    scopes: tuple[str, ...]
    networks: tuple[Network, ...]
    last_used_at: datetime | None


class ClientSecrets:
    """Looked up anew each time: a secret that was taken back is refused in every process at once."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._log = SparseLog(log("esteio.auth"))

    async def find(self, shown: Presented) -> Client | None:
        """The client; `None` alike for one that is unknown and for a secret that is wrong, expired or taken back."""
        digest = digest_of(self._keyring, shown.client_id, shown.secret)
        rows = await self._database.read(None, _FIND, digest, self._clock.now())
        if not rows:
            return None
        row = rows[0]
        return Client(
            id=row["id"],
            tenant=row["tenant_id"],
            client_id=row["client_id"],
            secret=row["secret"],
            scopes=tuple(row["scopes"]),
            networks=networks_of(row["allowed_networks"]),
            last_used_at=row["last_used_at"],
        )

    def note_refusal(self, client_id: str, reason: str) -> None:
        """Count and log a refused client; never its secret."""
        _count(reason).inc()
        self._log.info("credentials refused", kind="client", reason=reason, client_id=loggable(client_id))


@cache
def _count(reason: str) -> Counter:
    return refusals().labels("client", reason)
