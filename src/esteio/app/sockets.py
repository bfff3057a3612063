"""Realtime as the API has it: with the channels of every manifest and the limiter of the house."""

from collections.abc import Awaitable, Callable, Iterable

from esteio.auth.parts import Auth
from esteio.base.errors import RateLimited
from esteio.base.principal import Principal
from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter
from esteio.manifest import Manifest
from esteio.realtime.origins import Origins
from esteio.realtime.parts import Realtime
from esteio.realtime.routes import LIMIT
from esteio.resources import Resources
from esteio.settings import Settings


def make_realtime(
    settings: Settings, manifests: Iterable[Manifest], resources: Resources, auth: Auth, limiter: Limiter
) -> Realtime:
    """Put the parts together; nothing is opened. The manifests include the platform's own."""
    return Realtime(
        settings.realtime,
        [channel for manifest in manifests for channel in manifest.channels],
        resources=resources,
        auth=auth,
        origins=Origins(settings.http.cors_origins, settings.http.public_url),
        charge=_message_limit(limiter, enabled=settings.limits.enabled),
    )


def _message_limit(limiter: Limiter, *, enabled: bool) -> Callable[[Principal, str], Awaitable[None]]:
    async def charge(principal: Principal, address: str) -> None:
        if not enabled:
            return
        who = Identity(principal.tenant_text, "" if principal.anonymous else principal.id, address)
        account = limiter.bind((LIMIT,), who)
        decision = limiter.take(account) or await limiter.acquire(account)
        if not decision.allowed:
            raise RateLimited(headers={"Retry-After": str(decision.retry_after)})

    return charge
