"""The one rule that names every key, so that tenants stay apart and a Cluster keeps a tenant's keys together."""

from hashlib import blake2b
from urllib.parse import quote

PREFIX = "esteio"
SYSTEM = "-"
"""Stands where a tenant's name stands, for what belongs to the deployment."""

LONGEST = 96
KEPT = 48


def key(part: str, tenant: object, *pieces: object) -> str:
    """`esteio:{tenant}:part:piece:…`; the braces make the tenant the hash tag.

    Every piece is escaped, so that two different lists of pieces never name one key, and one longer than 96
    characters is cut and closed with a digest of the whole.
    """
    return ":".join((PREFIX, "{" + piece(tenant) + "}", piece(part), *map(piece, pieces)))


def piece(value: object) -> str:
    """One part of a key: no colon, brace, space or control character, bounded in length."""
    text = quote(str(value), safe="@", errors="surrogatepass").replace("~", "%7E")
    if len(text) <= LONGEST:
        return text
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{text[:KEPT]}~{digest}"
