"""The limit of logins and of clients that ask for tokens: per account and address.

So it is known only when the body has been read.
"""

from collections.abc import Awaitable, Callable

from esteio.base.errors import RateLimited
from esteio.base.principal import DEFAULT_TENANT
from esteio.http.exchange import present
from esteio.limits.gate import Charged
from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter

POLICY = "login"


def login_limit(limiter: Limiter, *, enabled: bool, policy: str = POLICY) -> Callable[[str, str], Awaitable[None]]:
    """Charges an attempt to log in as `account` from `address`; raises `RateLimited` when there were too many.

    It becomes what the answer's limit headers speak of, being the most constrained policy of a login.
    """

    async def charge(account: str, address: str) -> None:
        if not enabled:
            return
        who = Identity(DEFAULT_TENANT.hex, address=address, account=account)
        bound = limiter.bind((policy,), who)
        decision = limiter.take(bound) or await limiter.acquire(bound)
        present().charge = Charged(limiter, decision)
        if not decision.allowed:
            raise RateLimited(headers={"Retry-After": str(decision.retry_after)})

    return charge
