"""Certificates of the server, by an authority that lives as long as it does."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

OURS = ("localhost", "127.0.0.1", "::1")
ANOTHERS = ("mail.elsewhere.example.org",)
DAY = timedelta(days=1)
YEARS = 365 * DAY


@dataclass(frozen=True, slots=True)
class Papers:
    """The server's certificates. authority: the PEM by which a client trusts the good one, and none of the others."""

    authority: str
    _good: bytes
    _wrong_name: bytes
    _expired: bytes

    def shown(self, fault: str = "") -> ssl.SSLContext:
        """With the certificate that a connection of that fault is shown."""
        return _loaded({"wrong_name": self._wrong_name, "expired": self._expired}.get(fault, self._good))


def made_papers() -> Papers:
    """New ones. Keys are written to the disk only for the moment in which OpenSSL reads them."""
    now = datetime.now(UTC)
    office = _Office(now - 3 * DAY)
    return Papers(
        office.pem(),
        office.certified(OURS, now - DAY, now + YEARS),
        office.certified(ANOTHERS, now - DAY, now + YEARS),
        office.certified(OURS, now - 2 * DAY, now - DAY),
    )


class _Office:
    """An authority. `cryptography` is loaded here, because only a server that encrypts needs it."""

    def __init__(self, since: datetime) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Stand-in mail authority")
        builder = _begun(name, name, self._key, since, since + YEARS)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._own = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())

    def pem(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding

        return self._own.public_bytes(Encoding.PEM).decode()

    def certified(self, names: Sequence[str], since: datetime, until: datetime) -> bytes:
        """The PEM of a new key and of its certificate for those names."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._own.subject
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _begun(_name(names[0]), issuer, key, since, until)
        builder = builder.add_extension(alternatives, critical=False).add_extension(identifier, critical=False)
        found = builder.sign(self._key, hashes.SHA256())
        written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return written + found.public_bytes(Encoding.PEM)


def _loaded(pem: bytes) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.TemporaryDirectory(prefix="esteio-standin-") as folder:
        file = Path(folder) / "both.pem"
        file.write_bytes(pem)
        made.load_cert_chain(file)
    return made


def _name(words: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)])


def _alternative(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
