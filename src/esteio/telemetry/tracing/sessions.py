"""Connections to a collector whose answers are bounded as a whole: in time, and in bytes.

Imported only where spans are sent: it needs an extra's libraries.
"""

import http.client
import io
import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from esteio.telemetry.punctual import Deadline, Punctual

LARGEST = 65_536
"""Bytes of an answer: a collector has little to say."""

PATIENCE = 60.0
"""Seconds for an answer where a connection knows no time-out."""


class _Answer(http.client.HTTPResponse):
    """An answer that is there, head and body, within the time-out that every read has alone otherwise."""

    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self.fp.close()
        self.fp = io.BufferedReader(Punctual(sock, Deadline(sock.gettimeout() or PATIENCE).left, LARGEST))


class _Plain(HTTPConnection):
    response_class = _Answer


class _Secure(HTTPSConnection):
    response_class = _Answer


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def bounded_session() -> requests.Session:
    """Takes no proxy and no password file of the environment. An answer beyond its bounds raises an error."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session
