"""The commands of a house, as small as they can be: `stand_in.py migrate|bootstrap|serve [HOST PORT]`.

STAND_IN in the environment names a mood of the API: `dies` at once, `deaf` to SIGTERM.
"""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHOWN = ("ESTEIO_DATABASE__URL", "ESTEIO_REDIS__URL", "ESTEIO_SECRET_KEY")
UNTIL_END_OF_LIFELINE = "import os; os.read(int(os.environ['ESTEIO_LIFELINE_FD']), 1)"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({name: os.environ[name] for name in SHOWN} | {"pid": os.getpid()}).encode()
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
    lifeline = int(os.environ["ESTEIO_LIFELINE_FD"])
    subprocess.Popen([sys.executable, "-c", UNTIL_END_OF_LIFELINE], pass_fds=[lifeline])  # a worker of the API
    ThreadingHTTPServer((host, port), Answers).serve_forever()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bootstrap"]:
            print(json.dumps({"email": "admin@example.org", "password": "told once", "api_key": "key told once"}))
        case ["serve", host, port]:
            serve(host, int(port), os.environ.get("STAND_IN", ""))
