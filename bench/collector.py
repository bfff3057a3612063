"""A collector of traces that takes everything and keeps nothing: `python -m bench.collector --port 4318`."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench import load

PLACE = "/v1/traces"


class Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: it would cost what is not measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    ThreadingHTTPServer((load.HOST, parser.parse_args().port), Taking).serve_forever()


if __name__ == "__main__":
    main()
