"""What a credential proved, and for how long that may be believed."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from esteio.base.principal import Principal
from esteio.http.proxies import Network


@dataclass(slots=True)
class Proof:
    """A proved caller. `networks` are those it may come from, empty for any; `expires_at` ends the credential itself.

    `rests_on` names what it is made of (`key:…`, `session:…`, `user:…`, `tenant:…`): news about one of them ends it.
    """

    principal: Principal
    rests_on: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    expires_at: datetime | None = None


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as they are written (`203.0.113.0/24`, `2001:db8::/32`, single addresses). Raises `ValueError`."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def comes_from(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether the address lies in one of the networks; an IPv4 address in IPv6 clothes counts as what it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in network for network in networks)
