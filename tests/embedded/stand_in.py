"""The commands of a house, as small as they can be.

`stand_in.py migrate|bootstrap|demo|serve HOST PORT|work NAME|party PORT FOLDER`

STAND_IN in the environment names a mood of the API: `dies` at once, `deaf` to SIGTERM. DEMO is the exit code of the
samples. ENDED names a file to which each that works in the background, the API and the party write their names when
they are told to end. MIGRATED names a file to which the migrations write a line when they are run.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SHOWN = ("ESTEIO_DATABASE__URL", "ESTEIO_REDIS__URL", "ESTEIO_SECRET_KEY")
PARTY = ("PARTY_URL", "PARTY_SECRET", "ESTEIO_DEVELOPMENT__STAND_INS")
UNTIL_END_OF_LIFELINE = "import os; os.read(int(os.environ['ESTEIO_LIFELINE_FD']), 1)"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shown = {name: os.environ[name] for name in SHOWN} | {name: os.environ.get(name) for name in PARTY}
        body = json.dumps(shown | {"pid": os.getpid(), "arguments": sys.argv[1:]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def serve(host: str, port: int, mood: str) -> None:
    if mood == "dies":
        sys.exit("the API cannot start")
    if mood == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: end("api"))
    lifeline = int(os.environ["ESTEIO_LIFELINE_FD"])
    subprocess.Popen([sys.executable, "-c", UNTIL_END_OF_LIFELINE], pass_fds=[lifeline])  # a worker of the API
    ThreadingHTTPServer((host, port), Answers).serve_forever()


def migrate() -> None:
    if "MIGRATED" in os.environ:
        with Path(os.environ["MIGRATED"]).open("a") as file:
            file.write("once\n")


def party(port: int) -> None:
    """A party outside, as the house starts one."""
    signal.signal(signal.SIGTERM, lambda *_: end("party"))
    ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()


def work(name: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: end(name))
    while True:
        threading.Event().wait(0.2)  # `signal.pause` would miss one that comes just before it


def end(name: str) -> None:
    if "ENDED" in os.environ:
        with Path(os.environ["ENDED"]).open("a") as file:
            file.write(f"{name}\n")
    sys.exit(0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["migrate"]:
            migrate()
        case ["bootstrap"]:
            print(json.dumps({"email": "admin@example.org", "password": "told once", "api_key": "key told once"}))
        case ["serve", host, port]:
            serve(host, int(port), os.environ.get("STAND_IN", ""))
        case ["work", name]:
            work(name)
        case ["party", port, _]:
            party(int(port))
        case ["demo"]:
            sys.exit(int(os.environ["DEMO"]))
