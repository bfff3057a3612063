"""Where a call may go: decided from the URL as far as that can be, and finally from the address at each connection."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from esteio.telemetry.metrics import security_events
from esteio.upstream.addresses import Address, canonical, is_public, literal, network
from esteio.upstream.failures import AddressRefused, CallFailed, NameUnresolved, TookTooLong
from esteio.upstream.names import Resolver
from esteio.upstream.settings import UpstreamSettings

LONGEST_URL = 2048
MOST_ADDRESSES = 4
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "invalid", "test", "onion")
"""Names, and ends of names, that nobody on the Internet has (RFC 6761, 6762, 8375)."""

# The Fetch standard's bad ports: what listens there speaks another protocol and could be talked into something.
REFUSED_PORTS = frozenset(
    (
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104),
        *(109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515),
        *(526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049),
        *(3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)


class UrlRefused(ValueError):
    """The URL cannot be called; the words say why."""


class Guard:
    """Judges URLs and addresses by the settings: refused networks first, then what is allowed, then what is public."""

    def __init__(self, settings: UpstreamSettings) -> None:
        self._allowed = tuple(network(text) for text in settings.allowed_networks)
        self._refused = tuple(network(text) for text in settings.refused_networks)
        self._hosts = frozenset(settings.allowed_hosts)

    def url(self, text: str) -> httpx.URL:
        """The URL, when it may be called as far as can be told without asking for its name. Raises `UrlRefused`.

        Where the name leads is looked at whenever it is connected to: this only spares whoever registers a URL the
        wait for the first failure.
        """
        url = parsed(text)
        host = _ascii_host(url)
        address = literal(host)
        if address is not None and not self.permits(address, host):
            raise UrlRefused("the address is not public")
        if address is None and _bare(host) not in self._hosts and _is_local(host):
            raise UrlRefused("the host is not on the public Internet")
        return url

    def permits(self, address: Address, host: str) -> bool:
        """Whether the address may be connected to for the host's sake."""
        address = canonical(address)
        if any(address in refused for refused in self._refused):
            return False
        if _bare(host) in self._hosts or any(address in allowed for allowed in self._allowed):
            return True
        return is_public(address)

    async def addresses(self, host: str, resolver: Resolver, seconds: float) -> Sequence[Address]:
        """Where the host is now: all of its addresses, each of which may be connected to. Raises `CallFailed`.

        One address that may not refuses them all: whoever mixes them is up to something.
        """
        written = literal(host)
        found: Sequence[Address] = [written] if written is not None else await _resolved(host, resolver, seconds)
        if not found:
            raise NameUnresolved(f"{host} has no address")
        for address in found:
            if not self.permits(address, host):
                security_events().labels("egress_refused").inc()
                raise AddressRefused(f"{host} leads to {address}")
        return list(dict.fromkeys(canonical(address) for address in found))[:MOST_ADDRESSES]


async def _resolved(host: str, resolver: Resolver, seconds: float) -> Sequence[Address]:
    try:
        async with asyncio.timeout(seconds):
            return await resolver.resolve(host)
    except TimeoutError as error:
        raise TookTooLong(f"{host} was not resolved within {seconds} s") from error
    except CallFailed:
        raise
    except Exception as error:
        raise NameUnresolved(f"{type(error).__name__}: {error}") from error


def parsed(text: str) -> httpx.URL:
    """An absolute http or https URL with a host and nothing that hides where it leads. Raises `UrlRefused`."""
    if len(text) > LONGEST_URL:
        raise UrlRefused(f"it has more than {LONGEST_URL} characters")
    if not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\^`{|}'):
        raise UrlRefused("it has characters that a URL does not have")
    try:
        url, again = httpx.URL(text), urlsplit(text)
        host, port = again.hostname, again.port
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlRefused("it is not a URL") from error
    if url.scheme not in ("http", "https"):
        raise UrlRefused("it must begin with https:// or http://")
    if url.userinfo or "@" in again.netloc:
        raise UrlRefused("it must not hold a user name or password")
    if not host or "%" in host or _bare(_ascii_host(url)) != _bare(host) or url.port not in (port, None):
        raise UrlRefused("it must name a host")
    if url.fragment:
        raise UrlRefused("it must not have a fragment")
    if url.port in REFUSED_PORTS or url.port == 0:
        raise UrlRefused("its port belongs to another protocol")
    return url


def _ascii_host(url: httpx.URL) -> str:
    """The host as it is asked for; `URL.host` shows international names in their own letters."""
    return url.raw_host.decode("ascii")


def _bare(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


def _is_local(host: str) -> bool:
    bare = _bare(host)
    return "." not in bare or any(bare == name or bare.endswith("." + name) for name in LOCAL_NAMES)
