"""A real browser with a page open, asked what stands in it while it stays open."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

from tests.house import eventually

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)


class Window:
    """An open page. `complaints` is what the console and the policy had to say against it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self.complaints: list[str] = []
        for domain in ("Log", "Runtime", "Page"):
            self.order(f"{domain}.enable")

    def read(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        return self.order("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def order(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said: dict[str, Any] = json.loads(self._connection.recv(30))
            if said.get("id") == number:
                found: dict[str, Any] = said["result"]
                return found
            if said.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(said["params"]))


@contextmanager
def opened(url: str, folder: Path, *flags: str) -> Iterator[Window]:
    """The page in a browser of its own, once it is loaded; the browser ends with the block."""
    assert CHROMIUM is not None
    own = ["--no-sandbox"] if os.geteuid() == 0 else []
    words = [CHROMIUM, *_FLAGS, *own, *flags, f"--user-data-dir={folder}", "about:blank"]
    browser = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(eventually(lambda: _address(folder)), max_size=None, open_timeout=30) as connection:
            window = Window(connection)
            window.order("Page.navigate", url=url)
            eventually(lambda: window.read("document.readyState === 'complete' && location.href !== 'about:blank'"))
            yield window
    finally:
        browser.terminate()
        browser.wait(30)


def _address(folder: Path) -> str | None:
    """Where the only window listens, once it does."""
    place = folder / "DevToolsActivePort"
    if not place.exists() or not (lines := place.read_text().splitlines())[1:]:
        return None
    with urlopen(f"http://127.0.0.1:{int(lines[0])}/json", timeout=30) as answer:
        pages = [target for target in json.load(answer) if target["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"]) if pages else None
