"""What an issuer may answer when asked for its keys: one plain answer of bounded size, from where it was asked."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from esteio.auth.oidc.documents import LARGEST, Documents
from esteio.upstream.failures import AddressRefused, CallFailed, Encoded, Failing, TooLarge
from esteio.upstream.guard import UrlRefused
from esteio.upstream.settings import UpstreamSettings

BODY = json.dumps({"keys": []}).encode()


class Answers(BaseHTTPRequestHandler):
    """By path."""

    def do_GET(self) -> None:
        sent = BODY + b" " * (LARGEST if self.path == "/large" else LARGEST - len(BODY) if self.path == "/full" else 0)
        self.send_response(302 if self.path == "/moved" else 200)
        if self.path == "/moved":
            self.send_header("Location", "/good")
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


def got(url: str, *hosts: str) -> object:
    async def ask() -> object:
        documents = Documents(hosts, UpstreamSettings())
        try:
            async with asyncio.timeout(30):
                return await documents.get(url)
        finally:
            await documents.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/good", "/full"])
def test_a_document_is_read(path: str) -> None:
    """Up to the bound, from a private host that the operator has named."""
    with serving() as url:
        assert got(url + path, "127.0.0.1") == {"keys": []}


@pytest.mark.parametrize(("path", "failure"), [("/large", TooLarge), ("/moved", Failing), ("/packed", Encoded)])
def test_what_is_not_read(path: str, failure: type[CallFailed]) -> None:
    """More than the bound, an answer that sends elsewhere, one that is compressed though none was asked for."""
    with serving() as url, pytest.raises(failure):
        got(url + path, "127.0.0.1")


def test_a_private_host_that_nobody_named_is_not_called() -> None:
    """What an issuer's metadata names does not lead into the operator's own network."""
    with serving() as url:
        with pytest.raises(UrlRefused):
            got(url + "/good", "issuer.example.org")
        with pytest.raises((AddressRefused, UrlRefused)):
            got(url.replace("127.0.0.1", "localhost") + "/good", "issuer.example.org")
