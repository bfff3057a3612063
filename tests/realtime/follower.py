"""A listener that comes back whenever it is thrown out, and writes down what it hears and what it is told it missed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from websockets.exceptions import WebSocketException

from tests.realtime.client import Socket, socket

PAUSE = 0.05


@dataclass
class Heard:
    """Runs of numbers, each without anything missing; a new run begins where a gap was told."""

    runs: list[list[int]] = field(default_factory=lambda: [[]])
    connections: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def last(self) -> int:
        return next((run[-1] for run in reversed(self.runs) if run), 0)


class Follower(threading.Thread):
    """Goes from one address to the next until it is ended, resuming at each from its position."""

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.heard = Heard()
        self.began = threading.Event()
        self._leaving = threading.Event()
        self._ending = threading.Event()
        self._more = threading.Condition()
        self._urls = cycle(urls)
        self._position: str | None = None

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                with socket(next(self._urls), open_timeout=5, ping_interval=1, ping_timeout=3) as one:
                    self.heard.connections += 1
                    self._follow(one)
            except (OSError, TimeoutError, WebSocketException):
                threading.Event().wait(PAUSE)

    def leave(self) -> None:
        """Break off and come back, of its own accord."""
        self._leaving.set()

    def end(self) -> None:
        self._ending.set()
        self._leaving.set()
        self.join(30)

    def hears(self, number: int, within: float) -> bool:
        """Whether it has heard the number, or does in time."""
        with self._more:
            return self._more.wait_for(lambda: self.heard.last >= number, within)

    def _follow(self, one: Socket) -> None:
        asked: dict[str, Any] = {"type": "subscribe", "channel": "pets"}
        one.say(**asked if self._position is None else {**asked, "since": self._position})
        while not self._leaving.is_set():
            try:
                message = one.hear(within=0.2)
            except TimeoutError:
                continue
            self._note(message)
            if message["type"] == "error":
                return
        self._leaving.clear()

    def _note(self, message: dict[str, Any]) -> None:
        runs = self.heard.runs
        match message["type"]:
            case "subscribed":
                self._position = self._position or message["position"]
                self.began.set()
            case "gap":
                self._position = message["position"]
                runs.append([])
            case "event":
                self._check(message["position"])
                self._position = message["position"]
                with self._more:
                    runs[-1].append(message["data"]["n"])
                    self._more.notify_all()

    def _check(self, position: str) -> None:
        """Positions follow one another; anything else would have to be told as a gap first."""
        epoch, _, number = (self._position or "").partition(":")
        if position != f"{epoch}:{int(number) + 1}":
            self.heard.wrong.append(f"{position} after {self._position}")
