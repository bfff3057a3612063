"""Whom a limit counts."""

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network
from typing import NamedTuple

from esteio.limits.policy import Policy
from esteio.redis.keys import key

EVERYONE = "everyone"


class Identity(NamedTuple):
    """Who makes a request, as limits see it: every field as text, empty where it is unknown.

    `principal` is empty for an anonymous caller, who is then counted by address. `account` is the account that a
    login names, whether it exists or not; it reaches Redis only as a digest.
    """

    tenant: str
    principal: str = ""
    address: str = ""
    account: str = ""


def counted_key(policy: Policy, who: Identity) -> str:
    """The Redis key under which the policy counts this identity. Another window counts afresh."""
    return key("limit", who.tenant, policy.name, policy.bucket_us, *_counted(policy, who))


def _counted(policy: Policy, who: Identity) -> tuple[str, ...]:
    match policy.per:
        case "principal":
            return ("principal", who.principal) if who.principal else ("address", _household(who.address))
        case "tenant" | "route":
            return (EVERYONE,)
        case "address":
            return ("address", _household(who.address))
        case "account":
            return ("account", _digest(who.account))
        case "account_address":
            return ("account", _digest(who.account), _household(who.address))


def _digest(account: str) -> str:
    return blake2b(account.casefold().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def _household(address: str) -> str:
    """Whom an address stands for. Who has one of IPv6 has all that share its first 64 bits (RFC 6177)."""
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)).network_address)
