"""When certificates end: of files, and of what is seen where the public address leads."""

import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from esteio.telemetry.metrics.families import Family

PUBLIC_URL = "public_url"
_WITHIN = 5.0


def certificate_families(files: Sequence[str], url: str = "") -> list[Family]:
    """When each ends, by the file's name, and whether it could be read. Blocking: reads files, and asks `url`."""
    ends = Family("esteio_certificate_not_after_timestamp_seconds", "When the certificate ends (Unix time)")
    readable = Family("esteio_certificate_readable", "Whether the certificate could be read")
    found: list[tuple[str, Callable[[str], datetime], str]] = [(Path(file).name, _read_file, file) for file in files]
    if url:
        found.append((PUBLIC_URL, _read_url, url))
    for name, read, source in found:
        try:
            ends.add(read(source).timestamp(), certificate=name)
        except (OSError, ValueError):
            readable.add(0, certificate=name)
        else:
            readable.add(1, certificate=name)
    return [family for family in (ends, readable) if family.samples]


def _read_file(file: str) -> datetime:
    return _first_end(Path(file).read_bytes())


def _first_end(text: bytes) -> datetime:
    """Of a chain, the end of what ends first. Raises `ValueError` where there is no certificate."""
    # Heavy, and only needed where certificates are watched.
    from cryptography import x509

    return min(certificate.not_valid_after_utc for certificate in x509.load_pem_x509_certificates(text))


def _read_url(url: str) -> datetime:
    """What is shown is not believed in: one that has ended is just what is looked for."""
    address = urlsplit(url)
    if address.scheme != "https" or address.hostname is None:
        raise ValueError("the address has no certificate")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address.hostname, address.port or 443), _WITHIN) as connection,
        context.wrap_socket(connection, server_hostname=address.hostname) as encrypted,
    ):
        shown = encrypted.getpeercert(binary_form=True)
    if shown is None:
        raise ValueError("no certificate was shown")
    return _first_end(ssl.DER_cert_to_PEM_cert(shown).encode())
