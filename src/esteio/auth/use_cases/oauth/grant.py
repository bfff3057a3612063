"""The client credentials grant (RFC 6749, section 4.4): a secret for an access token."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select, update

from esteio.auth.oauth.errors import UnsupportedGrant
from esteio.auth.oauth.form import Asked
from esteio.auth.oauth.metadata import GRANT
from esteio.auth.oauth.scopes import granted
from esteio.auth.oauth.secrets import Client
from esteio.auth.parts import Auth
from esteio.auth.tables import OAuthClient
from esteio.auth.use_cases.oauth.authentication import authenticated
from esteio.base.errors import EsteioError
from esteio.db.transaction import transaction
from esteio.telemetry.logs import log

NOTED_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token as its client gets it. `expires_in` in seconds; `scope` separated by spaces."""

    access_token: str
    expires_in: int
    scope: str


async def grant(auth: Auth, asked: Asked) -> Granted:
    """A token with the scopes that were asked for. Raises the refusals of RFC 6749, section 5.2."""
    await auth.client_limit(asked.shown.client_id, asked.address)
    client = await authenticated(auth, asked)
    if asked.need("grant_type") != GRANT:
        raise UnsupportedGrant
    scopes = granted(asked.sent.get("scope"), client.scopes, auth.permissions)
    token = await auth.tokens.issue_to_client(client.id, client.client_id, client.secret, client.tenant, scopes)
    await _note(auth, client)
    return Granted(token, int(auth.tokens.lifetime.total_seconds()), " ".join(scopes))


async def _note(auth: Auth, client: Client) -> None:
    """That the client was used, at most once a minute; whoever holds its row meanwhile is not waited for."""
    now = auth.clock.now()
    if client.last_used_at is not None and now - client.last_used_at <= NOTED_EVERY:
        return
    due = or_(OAuthClient.last_used_at.is_(None), OAuthClient.last_used_at < now - NOTED_EVERY)
    free = select(OAuthClient.id).where(OAuthClient.id == client.id, due).with_for_update(skip_locked=True)
    try:
        async with transaction(auth.database, client.tenant) as session:
            await session.execute(update(OAuthClient).where(OAuthClient.id.in_(free)).values(last_used_at=now))
    except EsteioError as error:
        log("esteio.auth").info("client.use_not_noted", cause=error.operator)
