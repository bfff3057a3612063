"""A socket through the proxy that comes back whenever it is told to, and writes down every fact it hears."""

import threading

from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.realtime.client import Socket, socket

PAUSE = 0.05


class Listener(threading.Thread):
    """Follows `pets`. `codes` are those with which it was closed, `facts` the ids it heard, `gaps` what it missed."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.codes: list[int | None] = []
        self.facts: list[str] = []
        self.gaps = 0
        self.began = threading.Event()
        self._url = url
        self._over = threading.Event()
        self._position: str | None = None

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with socket(self._url, open_timeout=10) as one:
                    self._follow(one)
            except ConnectionClosed as closing:
                self.codes.append(closing.rcvd.code if closing.rcvd else None)
            except (OSError, TimeoutError, WebSocketException):
                self._over.wait(PAUSE)

    def end(self) -> None:
        self._over.set()
        self.join(30)

    def _follow(self, one: Socket) -> None:
        since = {} if self._position is None else {"since": self._position}
        one.say(type="subscribe", channel="pets", **since)
        while not self._over.is_set():
            try:
                message = one.hear(within=0.2)
            except TimeoutError:
                continue
            self.gaps += message["type"] == "gap"
            self._position = message.get("position", self._position)
            if message["type"] == "event":
                self.facts.append(message["id"])
            self.began.set()
