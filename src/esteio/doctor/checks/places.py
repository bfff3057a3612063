"""How far away a server is, as its address says: on this machine, in this network, or beyond."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from esteio.db.settings import DatabaseSettings

Distance = Literal["here", "near", "far"]


def distance(host: str) -> Distance:
    """here: a socket or the loopback address; near: a private address or a name without a dot; far: all others."""
    name = host.strip("[]").lower().rstrip(".")
    if not name or name == "localhost" or name.startswith("/"):
        return "here"
    try:
        address = ip_address(name)
    except ValueError:
        return "far" if "." in name else "near"
    if address.is_loopback:
        return "here"
    return "near" if address.is_private else "far"


@dataclass(frozen=True, slots=True)
class Place:
    """What the doctor needs to know of an address. `password` is compared, never shown."""

    scheme: str
    hosts: tuple[str, ...]
    user: str
    password: str
    query: str

    @property
    def distance(self) -> Distance:
        """Of the farthest host."""
        found = {distance(host) for host in self.hosts}
        return "far" if "far" in found else "near" if "near" in found else "here"

    @property
    def shown(self) -> str:
        return ", ".join(self.hosts) or "a socket on this machine"

    def asked(self, name: str) -> str:
        """What the query says of the name, empty where it says nothing."""
        return _asked(self.query, name)


def databases(settings: DatabaseSettings) -> Iterator[tuple[str, str]]:
    """Every address of PostgreSQL and of poolers before it, with the setting that has it."""
    yield "ESTEIO_DATABASE__URL", settings.url.get_secret_value()
    if settings.direct_url is not None:
        yield "ESTEIO_DATABASE__DIRECT_URL", settings.direct_url.get_secret_value()
    for url in settings.replica_url:
        yield "ESTEIO_DATABASE__REPLICA_URL", url.get_secret_value()


def place(url: str) -> Place:
    """An address taken apart; one with several hosts, as Sentinels and Clusters have, too."""
    parts = urlsplit(url)
    credentials, _, listed = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    named = (_asked(parts.query, "host") or listed).split(",")
    hosts = tuple(host for host in (_host(one) for one in named) if host)
    secret = unquote(password) or _asked(parts.query, "password")
    return Place(parts.scheme, hosts, unquote(user) or _asked(parts.query, "user"), secret, parts.query)


def _asked(query: str, name: str) -> str:
    return parse_qs(query).get(name, [""])[0]


def _host(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
