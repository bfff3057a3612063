"""Addresses of Redis: one server, a primary that Sentinels name, or a Cluster."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from esteio.redis.lines import Place

PLAIN = ("redis://", "rediss://", "unix://")
SENTINEL = ("redis+sentinel://", "rediss+sentinel://")
CLUSTER = ("redis+cluster://", "rediss+cluster://")
SCHEMES = (*PLAIN, *SENTINEL, *CLUSTER)

_PORTS = {"sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is. `places` are the servers to ask: the Sentinels, or some nodes of a Cluster; none for one server.

    `arguments` are those of a connection to a server that holds data, `asking` those of one to a Sentinel.
    """

    kind: Literal["server", "sentinel", "cluster"]
    connection: type[Connection]
    arguments: dict[str, Any]
    places: tuple[Place, ...] = ()
    service: str = ""
    asking: dict[str, Any] | None = None

    def connect(self, patience: float, place: Place | None = None) -> Connection:
        """A connection that is not open yet and gives up connecting after `patience` seconds; it is never retried."""
        return self.connection(**{**self.arguments, **_terms(patience), **_at(place)})


def _at(place: Place | None) -> dict[str, Any]:
    return {} if place is None else {"host": place[0], "port": place[1]}


def _terms(patience: float) -> dict[str, Any]:
    return {
        "protocol": 2,
        "driver_info": None,
        "socket_timeout": None,
        "socket_connect_timeout": patience,
        "retry": Retry(NoBackoff(), 0),
    }


def read_address(url: str) -> Address:
    """`redis://…`, `rediss://…`, `unix://…`; `redis+sentinel://[user:password@]host:port,…/service[/database]`;
    `redis+cluster://[user:password@]host:port,…`; with `rediss` over TLS. Raises `ValueError` that says what is wrong.

    Sentinels that ask for a password of their own are given it by `?sentinel_password=…` (and `sentinel_username`).
    """
    if url.startswith(PLAIN):
        arguments: dict[str, Any] = dict(parse_url(url))
        return Address("server", arguments.pop("connection_class", Connection), arguments)
    parts = urlsplit(url)
    kind: Literal["sentinel", "cluster"] = "sentinel" if url.startswith(SENTINEL) else "cluster"
    credentials, _, listed = parts.netloc.rpartition("@")
    places = tuple(_place(text, _PORTS[kind]) for text in listed.split(","))
    arguments = _credentials(credentials)
    service, asking = "", None
    if kind == "sentinel":
        service, _, database = parts.path.strip("/").partition("/")
        if not service:
            raise ValueError("the path of a Sentinel's address is the name of the service, such as /esteio")
        if database and not database.isdecimal():
            raise ValueError("after the name of the service comes the number of the database, such as /esteio/0")
        arguments["db"] = int(database or 0)
        given = {name: found[0] for name, found in parse_qs(parts.query).items()}
        asking = {name: given[f"sentinel_{name}"] for name in ("username", "password") if f"sentinel_{name}" in given}
    elif parts.path.strip("/") not in ("", "0"):
        raise ValueError("a Cluster has the database 0 alone")
    secured = parts.scheme.startswith("rediss")
    return Address(kind, SSLConnection if secured else Connection, arguments, places, service, asking)


def _place(text: str, default: int) -> Place:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(default)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("its hosts are written host:port,host:port")
    return host.strip("[]"), int(port)


def _credentials(text: str) -> dict[str, Any]:
    user, colon, password = text.partition(":")
    found = {"username": unquote(user)} if user else {}
    return found | ({"password": unquote(password)} if colon else {})
