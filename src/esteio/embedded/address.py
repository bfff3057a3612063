"""Where the API listens: whether it can, and whether it is ready."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass

from esteio.embedded.refusals import ExitCode, Refused

ANSWER_SECONDS = 2.0
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def reachable(self) -> str:
        """The host to call from this machine; a wildcard is no address to call."""
        return WILDCARDS.get(self.host, self.host)

    @property
    def url(self) -> str:
        host = f"[{self.reachable}]" if ":" in self.reachable else self.reachable
        return f"http://{host}:{self.port}"

    def check(self) -> None:
        """Raises `Refused` when the address cannot be listened on now."""
        try:
            family, kind, _, _, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
                probe.listen(1)
        except OSError as error:
            raise Refused(
                f"Cannot listen on {self.host} port {self.port}: {error.strerror or error}. "
                "Stop what uses it, or choose another --port or --host.",
                ExitCode.PORT_TAKEN,
            ) from None

    def free(self) -> bool:
        try:
            self.check()
        except Refused:
            return False
        return True

    def answers(self, path: str) -> bool:
        """Whether GET `path` answers 200; proxy settings of the environment are not asked."""
        connection = http.client.HTTPConnection(self.reachable, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
