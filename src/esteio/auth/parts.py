"""Everything of this package that is opened once a process."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from esteio.auth.announcements import Announcements
from esteio.auth.api_keys import ApiKeys
from esteio.auth.attempts import Attempts
from esteio.auth.audit import Audit, Refusals
from esteio.auth.credentials import Credentials
from esteio.auth.environment import EnvironmentKeys
from esteio.auth.errors import MailOff
from esteio.auth.letters.links import Links
from esteio.auth.mail_requests import MailRequests
from esteio.auth.mail_tokens import MailTokens
from esteio.auth.oauth.secrets import ClientSecrets
from esteio.auth.oidc.callers import IssuerCallers, demand_others
from esteio.auth.passwords import Passwords
from esteio.auth.permissions import Permissions
from esteio.auth.prover import Prover
from esteio.auth.session_cookie import SessionCookie
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
from esteio.upstream.settings import UpstreamSettings

_DAY = 86_400

AccountLimit = Callable[[str, str], Awaitable[None]]
"""Charged with the account that a login names and the caller's address; raises `RateLimited`."""


async def unlimited(account: str, address: str) -> None:
    """Charges nothing: the delay after failed logins holds all the same."""


@dataclass(slots=True)
class Auth:
    """Routes find it in `app.state.auth`. The limits of accounts and clients are set by whoever owns the limiter."""

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
    cookie: SessionCookie
    attempts: Attempts
    prover: Prover
    issuers: IssuerCallers
    client_secrets: ClientSecrets
    mail_tokens: MailTokens
    mail_requests: MailRequests
    links: Links
    mails: bool
    account_limit: AccountLimit = field(default=unlimited)
    client_limit: AccountLimit = field(default=unlimited)

    async def open(self) -> None:
        """Listen for news and make what the first login would wait for. The database may still be down."""
        self.announcements.listen()
        await self.issuers.open()
        await self.passwords.prepare()
        try:
            await self.signing.ensure()
        except Unavailable as error:
            log("esteio.auth").warning("signing keys not looked at yet", cause=error.operator)

    def demand_mail(self) -> None:
        """Raise `MailOff` where no mail server is set: nothing is promised that nobody will send."""
        if not self.mails:
            raise MailOff

    async def close(self) -> None:
        await self.keys.settle()
        await self.issuers.close()
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
    mails: bool = False,
    upstream: UpstreamSettings | None = None,
) -> Auth:
    """Put the parts together; nothing is opened.

    `issuer` is the deployment's public URL; `mails` says that a mail server is set; `upstream` is how other issuers are
    called.
    """
    credentials = Credentials(clock, freshness=settings.freshness_seconds, size=settings.cached_credentials)
    announcements, audit = Announcements(credentials, bulletin), Audit(clock)
    keys = ApiKeys(database, keyring, clock, permissions)
    signing = SigningKeys(database, keyring, clock, settings)
    tokens = Tokens(signing, database, clock, settings, permissions, issuer=issuer)
    environment = EnvironmentKeys(settings.environment_keys(), settings.api_key_scopes, permissions)
    demand_others(settings.issuers, issuer)
    issuers = IssuerCallers(
        settings.issuers,
        permissions,
        database=database,
        clock=clock,
        audit=audit,
        announcements=announcements,
        upstream=upstream or UpstreamSettings(),
    )
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
        cookie=SessionCookie(issuer, seconds=settings.refresh_days * _DAY, keyring=keyring),
        attempts=Attempts(database, keyring, clock, settings),
        prover=Prover(credentials, keys, environment, tokens.look, issuers.look),
        issuers=issuers,
        mail_tokens=MailTokens(database, keyring, clock, settings),
        mail_requests=MailRequests(keyring, clock, settings),
        links=Links(settings, issuer),
        mails=mails,
        client_secrets=ClientSecrets(database, keyring, clock),
    )
