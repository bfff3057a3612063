"""When certificates end: those of files, and the one that callers of the public address are shown."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from esteio.base.finding import Finding, error, note, warning
from esteio.doctor.patience import in_thread, words_of
from esteio.doctor.patient import Patient
from esteio.settings import Settings

SOON_DAYS = 21
_HTTPS = 443


async def files(patient: Patient) -> AsyncIterator[Finding]:
    for path, variable in _paths(patient):
        try:
            found = await in_thread(lambda at=path: x509.load_pem_x509_certificates(at.read_bytes()))  # type: ignore[misc]
        except (OSError, ValueError) as failure:
            yield error(
                f"The certificates in {path} cannot be read: {words_of(failure)}.",
                why="What needs them is refused.",
                fix="Name a PEM file that the user who runs Esteio may read.",
                variable=variable,
            )
            continue
        for one in found:
            ending = _ending(one, patient, f"The certificate of {one.subject.rfc4514_string()} in {path}", variable)
            if ending is not None:
                yield ending


def _paths(patient: Patient) -> Iterator[tuple[Path, str]]:
    settings: Settings = patient.settings
    named = {"ESTEIO_MAIL__CA_FILE": settings.mail.ca_file, "ESTEIO_UPSTREAM__CA_FILE": settings.upstream.ca_file}
    for variable, path in named.items():
        if path:
            yield Path(path), variable
    for named_file in settings.telemetry.certificates:
        yield Path(named_file), "ESTEIO_TELEMETRY__CERTIFICATES"
    for given in patient.habits.certificates:
        yield given, ""


async def public(patient: Patient) -> AsyncIterator[Finding]:
    """As a caller is shown it, verified or not."""
    parts = urlsplit(patient.settings.http.public_url)
    if parts.scheme != "https":
        return
    host, port = parts.hostname or "", parts.port or _HTTPS
    try:
        async with asyncio.timeout(patient.habits.patience):
            shown = await _shown(host, port)
    except (OSError, ssl.SSLError) as failure:
        yield note(
            f"The public address {host}:{port} was not reached from here: {words_of(failure)}.",
            why="So nobody has looked at its certificate; callers may reach it all the same.",
            fix="Run the doctor where the address leads to the proxy, or give it the file: --certificate.",
            variable="ESTEIO_HTTP__PUBLIC_URL",
        )
        return
    ending = _ending(shown, patient, f"The certificate of {host}", "ESTEIO_HTTP__PUBLIC_URL")
    if ending is not None:
        yield ending


async def _shown(host: str, port: int) -> x509.Certificate:
    context = ssl.create_default_context()
    # An expired certificate has to be seen too; nothing is said on this connection.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown)
    finally:
        writer.close()


def _ending(one: x509.Certificate, patient: Patient, name: str, variable: str) -> Finding | None:
    days = (one.not_valid_after_utc - patient.clock.now()).total_seconds() / 86_400
    if days > SOON_DAYS:
        return None
    tell = error if days <= 0 else warning
    return tell(
        f"{name} {'has expired' if days <= 0 else f'expires in {days:.0f} days'}.",
        why="Then every connection that is verified by it is refused.",
        fix="Renew it, and see why that does not happen by itself.",
        variable=variable,
    )
