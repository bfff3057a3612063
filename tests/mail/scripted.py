"""A server that says what a test tells it to say, with everything that it heard."""

import socket
import threading
from collections.abc import Mapping
from typing import BinaryIO

HANG = "hang"
"""Say nothing more, and hear nothing more, until the test is over."""

CUT = "cut"
"""Hang up."""

ANSWERS = {
    "greeting": "220 there",
    "EHLO": "250-there\r\n250 SIZE 50000000",
    "HELO": "500 no",
    "STAR": "454 no",
    "AUTH": "235 in",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "body": "",
    "end": "250 taken as 42",
    "QUIT": "221 bye",
}


class Over(Exception):
    pass


class Scripted:
    """`body` is what is said as soon as the first bytes of a message come, `end` after its last dot."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = ANSWERS | dict(answers)
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[str] = []
        self.body = bytearray()
        self.ended = threading.Event()
        self.left = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hang_up(self) -> None:
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._connection is not None:
            self._connection.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        try:
            self._connection, _ = self._listener.accept()
            with self._connection:
                self._talk(self._connection)
        except (OSError, Over):
            pass
        finally:
            self.left.set()

    def _talk(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        self._say(connection, "greeting")
        while line := file.readline():
            self.heard.append(line.decode(errors="replace").rstrip("\r\n"))
            verb = line[:4].decode(errors="replace").upper()
            self._say(connection, verb)
            if verb == "DATA" and self._answers["DATA"].startswith("354"):
                self._take(connection, file)

    def _take(self, connection: socket.socket, file: BinaryIO) -> None:
        while line := file.readline():
            if not self.body:
                self._say(connection, "body")
            if line == b".\r\n":
                self.ended.set()
                self._say(connection, "end")
                return
            self.body += line

    def _say(self, connection: socket.socket, step: str) -> None:
        answer = self._answers.get(step, CUT)
        if answer == CUT:
            raise Over
        if answer == HANG:
            # What the other side does is still noticed: it may hang up.
            self._over.wait() if step == "body" else self._listen(connection)
            raise Over
        if answer:
            connection.sendall(answer.encode() + b"\r\n")

    def _listen(self, connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass
