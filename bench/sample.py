"""The pets that every app serves, the keys that every caller shows, and the envelope that both are wrapped in."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

CALLERS = 1000
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SPECIES = (("dog", "Beagle"), ("cat", "Siamese"), ("bird", "Cockatiel"), ("rodent", "Syrian"), ("fish", "Betta"))
STATUSES = ("active", "fed", "hungry", "adopted")
COLUMNS = ("id", "name", "species", "breed", "status", "weight_kg", "created_at", "updated_at", "version")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "private, no-cache",
}


def pet(number: int) -> dict[str, Any]:
    """The same pet for the same number, in every process."""
    species, breed = SPECIES[number % len(SPECIES)]
    created = EPOCH + timedelta(seconds=number)
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"pet {number}"),
        "name": f"Pet {number}",
        "species": species,
        "breed": breed,
        "status": STATUSES[number % len(STATUSES)],
        "weight_kg": 1.5 + number % 40,
        "created_at": created,
        "updated_at": created + timedelta(hours=1),
        "version": 1 + number % 3,
    }


def pets(count: int) -> list[dict[str, Any]]:
    return [pet(number) for number in range(count)]


def keys(count: int = CALLERS) -> list[str]:
    """API keys of the peers' callers, in the length of Esteio's own."""
    return [f"est_live_{hashlib.sha256(b'%d' % number).hexdigest()[:36]}" for number in range(count)]


def key_name(key: str) -> str:
    """Where the peers keep a key in Redis: by digest, as a leaked store must not hand out keys."""
    return "apikey:" + hashlib.sha256(key.encode()).hexdigest()


def version_tag(rows: list[Any]) -> str:
    """A strong ETag from identities and versions, for the peers that build it in the handler."""
    return '"' + hashlib.sha1(b"".join(b"%b%d" % (row.id.bytes, row.version) for row in rows)).hexdigest() + '"'
