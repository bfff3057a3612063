"""Everything of this package that is opened once a process."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from esteio.auth.announcements import Announcements
from esteio.auth.api_keys import ApiKeys
from esteio.auth.attempts import Attempts
from esteio.auth.audit import Audit, Refusals
from esteio.auth.credentials import Credentials
from esteio.auth.environment import EnvironmentKeys
from esteio.auth.passwords import Passwords
from esteio.auth.permissions import Permissions
from esteio.auth.prover import Prover
from esteio.auth.sessions import Sessions
from esteio.auth.settings import AuthSettings
from esteio.auth.signing import SigningKeys
from esteio.auth.tokens import Tokens
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import Unavailable
from esteio.db.database import Database
from esteio.redis.bulletin import Bulletin
from esteio.telemetry.logs import log

AccountLimit = Callable[[str, str], Awaitable[None]]
"""Charged with the account that a login names and the caller's address; raises `RateLimited`."""


async def unlimited(account: str, address: str) -> None:
    """Charges nothing: the delay after failed logins holds all the same."""


@dataclass(slots=True)
class Auth:
    """Routes find it in `app.state.auth`. `account_limit` is set by whoever owns the limiter."""

    settings: AuthSettings
    permissions: Permissions
    database: Database
    clock: Clock
    keyring: Keyring
    credentials: Credentials
    announcements: Announcements
    audit: Audit
    refusals: Refusals
    keys: ApiKeys
    passwords: Passwords
    signing: SigningKeys
    tokens: Tokens
    sessions: Sessions
    attempts: Attempts
    prover: Prover
    account_limit: AccountLimit = field(default=unlimited)

    async def open(self) -> None:
        """Listen for news and make what the first login would wait for. The database may still be down."""
        self.announcements.listen()
        await self.passwords.prepare()
        try:
            await self.signing.ensure()
        except Unavailable as error:
            log("esteio.auth").warning("signing keys not looked at yet", cause=error.operator)

    async def close(self) -> None:
        await self.keys.settle()
        self.passwords.close()


def make_auth(
    settings: AuthSettings,
    permissions: Permissions,
    *,
    database: Database,
    keyring: Keyring,
    clock: Clock,
    bulletin: Bulletin | None,
    issuer: str,
) -> Auth:
    """Put the parts together; nothing is opened. `issuer` is the deployment's public URL."""
    credentials = Credentials(clock, freshness=settings.freshness_seconds, size=settings.cached_credentials)
    announcements, audit = Announcements(credentials, bulletin), Audit(clock)
    keys = ApiKeys(database, keyring, clock, permissions)
    signing = SigningKeys(database, keyring, clock, settings)
    tokens = Tokens(signing, database, clock, settings, permissions, issuer=issuer)
    environment = EnvironmentKeys(settings.environment_keys(), settings.api_key_scopes, permissions)
    return Auth(
        settings=settings,
        permissions=permissions,
        database=database,
        clock=clock,
        keyring=keyring,
        credentials=credentials,
        announcements=announcements,
        audit=audit,
        refusals=Refusals(audit, database),
        keys=keys,
        passwords=Passwords(settings),
        signing=signing,
        tokens=tokens,
        sessions=Sessions(keyring, clock, settings, announcements, audit),
        attempts=Attempts(database, keyring, clock, settings),
        prover=Prover(credentials, keys, environment, tokens.look),
    )
