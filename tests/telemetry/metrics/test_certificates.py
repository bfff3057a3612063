"""When certificates end."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from esteio.telemetry.metrics.certificates import certificate_families

ENDS = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def told(files: list[str], url: str = "") -> dict[str, dict[str, float]]:
    return {
        family.name.removeprefix("esteio_certificate_"): {
            labels["certificate"]: value for labels, value in family.samples
        }
        for family in certificate_families(files, url)
    }


def test_of_a_chain_the_first_end_counts(authority: trustme.CA, tmp_path: Path) -> None:
    """A file with several certificates ends when the first of them does; what cannot be read is told as such."""
    sooner = authority.issue_cert("a.example.org", not_after=ENDS)
    later = authority.issue_cert("b.example.org", not_after=ENDS + timedelta(days=9))
    chain, broken = tmp_path / "chain.pem", tmp_path / "broken.pem"
    chain.write_bytes(later.cert_chain_pems[0].bytes() + sooner.cert_chain_pems[0].bytes())
    broken.write_text("no certificate")
    found = told([str(chain), str(broken), str(tmp_path / "absent.pem")])
    assert found == {
        "not_after_timestamp_seconds": {"chain.pem": ENDS.timestamp()},
        "readable": {"chain.pem": 1, "broken.pem": 0, "absent.pem": 0},
    }


def test_nothing_is_told_where_nothing_is_watched() -> None:
    """Without a setting there are no samples, and so no alerts."""
    assert told([]) == {}


def test_the_public_addresss_certificate_is_looked_at(authority: trustme.CA) -> None:
    """What is shown at the address is told even where nobody would believe it, and an address without one is told."""
    own = authority.issue_cert("127.0.0.1", not_after=ENDS)
    with secured(own) as port:
        found = told([], f"https://127.0.0.1:{port}/api")
    assert found["not_after_timestamp_seconds"] == {"public_url": ENDS.timestamp()}
    assert told([], "http://127.0.0.1:1")["readable"] == {"public_url": 0}


@contextmanager
def secured(own: trustme.LeafCert) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
