"""A client gives an access token up before its time (RFC 7009)."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from esteio.auth.oauth.claims import ClientClaims
from esteio.auth.oauth.form import Asked
from esteio.auth.parts import Auth
from esteio.auth.tables import RevokedToken
from esteio.auth.use_cases.oauth.authentication import authenticated
from esteio.db.transaction import transaction

# Those whose time is over go in passing, a few with each that comes.
_FORGET = text(
    "DELETE FROM revoked_tokens WHERE (tenant_id, jti) IN "
    "(SELECT tenant_id, jti FROM revoked_tokens WHERE expires_at <= :now LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


async def revoke(auth: Auth, asked: Asked) -> None:
    """The token is over in every process within a moment, if it is this client's own.

    Anything else is left as it is without a word of it: an unknown token and another client's look the same.
    """
    client = await authenticated(auth, asked)
    claims = await auth.tokens.verified(asked.need("token").encode())
    if isinstance(claims, ClientClaims) and claims.client == client.id:
        await _revoke(auth, claims)


async def _revoke(auth: Auth, claims: ClientClaims) -> None:
    async with transaction(auth.database, claims.tenant) as session:
        await session.execute(_FORGET, {"now": auth.clock.now()})
        revoked = {"tenant_id": claims.tenant, "jti": claims.jti, "expires_at": claims.expires_at}
        await session.execute(insert(RevokedToken).values(revoked).on_conflict_do_nothing())
        auth.announcements.changed(session, "token", claims.jti)
