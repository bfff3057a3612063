"""Whom a limit counts."""

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network
from typing import Literal, NamedTuple
from urllib.parse import unquote
from uuid import UUID

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


Kind = Literal["user", "key", "client", "operator", "address", "account", "tenant"]


class Counted(NamedTuple):
    """Whom a key counts. `name` is a principal's id, and empty for all others; a login's account is never told."""

    tenant: UUID
    policy: str
    bucket_us: int
    kind: Kind
    name: str = ""
    address: str = ""


def read_key(text: str) -> Counted:
    """What `counted_key` has written; `ValueError` for anything else."""
    _, tenant, _, policy, bucket_us, *whom = (unquote(piece) for piece in text.split(":"))
    base = (UUID(tenant.strip("{}")), policy, int(bucket_us))
    match whom:
        case ["principal", name]:
            return Counted(*base, _kind(name), name)
        case ["address", address]:
            return Counted(*base, "address", address=address)
        case ["account", _, *address]:
            return Counted(*base, "account", address="".join(address))
        case [who] if who == EVERYONE:
            return Counted(*base, "tenant")
    raise ValueError(f"not a counted key: {text}")


def _kind(principal: str) -> Kind:
    match principal.partition(":")[0]:
        case "user" | "key" | "client" as kind:
            return kind
    return "operator"


def _counted(policy: Policy, who: Identity) -> tuple[str, ...]:
    match policy.per:
        case "principal":
            return ("principal", who.principal) if who.principal else ("address", household(who.address))
        case "tenant" | "route":
            return (EVERYONE,)
        case "address":
            return ("address", household(who.address))
        case "account":
            return ("account", _digest(who.account))
        case "account_address":
            return ("account", _digest(who.account), household(who.address))


def _digest(account: str) -> str:
    return blake2b(account.casefold().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def household(address: str) -> str:
    """Whom an address stands for. Who has one of IPv6 has all that share its first 64 bits (RFC 6177)."""
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)).network_address)
