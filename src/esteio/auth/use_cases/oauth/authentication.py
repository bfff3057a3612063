"""Who a client is. Whatever is wrong with it is told in the same words, after the same work."""

from esteio.auth.audit import REFUSED
from esteio.auth.oauth.errors import InvalidClient, UnauthorizedClient
from esteio.auth.oauth.form import Asked, Presented
from esteio.auth.oauth.secret import loggable
from esteio.auth.oauth.secrets import Client
from esteio.auth.parts import Auth
from esteio.auth.proof import comes_from
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction


async def authenticated(auth: Auth, asked: Asked) -> Client:
    """The client of a request.

    Raises `InvalidClient`, `RateLimited` while the delay after failures from this address runs, and
    `UnauthorizedClient` for a client that may not come from there. A right secret is never delayed: nobody guesses
    one, so the delay is there for the load alone, and must not become a way to lock a client out.
    """
    found = await auth.client_secrets.find(asked.shown)
    if found is None:
        raise await _refused(auth, asked.shown, asked.address)
    if found.networks and not comes_from(asked.address, found.networks):
        auth.client_secrets.note_refusal(found.client_id, "network")
        raise UnauthorizedClient
    return found


async def _refused(auth: Auth, shown: Presented, address: str) -> InvalidClient:
    auth.client_secrets.note_refusal(shown.client_id, "invalid")
    attempt = await auth.attempts.charge(f"client {shown.client_id}", address)
    if attempt.delayed:
        # Whose client it would be is not known: that the id exists is not looked up for somebody who lacks its secret.
        async with transaction(auth.database, DEFAULT_TENANT) as session:
            auth.audit.write(
                session,
                "client.delayed",
                f"client:{loggable(shown.client_id)}",
                tenant=DEFAULT_TENANT,
                actor="anonymous",
                outcome=REFUSED,
            )
    return InvalidClient()
