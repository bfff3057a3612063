"""Where an issuer's keys come from: an address that is known, or one that its metadata names."""

import asyncio

from esteio.auth.oidc.documents import Documents
from esteio.auth.oidc.keys import KeySet, read_keys
from esteio.auth.oidc.settings import IssuerSettings
from esteio.upstream.failures import CallFailed, TookTooLong
from esteio.upstream.guard import UrlRefused, parsed

FAILURES = (CallFailed, UrlRefused, ValueError)
"""What `fetch` raises."""


class Source:
    """Fetches the keys of one issuer. What its metadata said is asked again after a failure."""

    def __init__(self, terms: IssuerSettings, documents: Documents) -> None:
        self._terms = terms
        self._documents = documents
        self._discovered: str | None = None

    async def fetch(self) -> KeySet:
        """The keys as they are now, within `fetch_seconds`. Raises `FAILURES`."""
        try:
            async with asyncio.timeout(self._terms.fetch_seconds):
                return await self._fetch()
        except TimeoutError as error:
            self._discovered = None
            raise TookTooLong(f"more than {self._terms.fetch_seconds} s") from error
        except FAILURES:
            self._discovered = None
            raise

    async def _fetch(self) -> KeySet:
        address = self._terms.keys_address or self._discovered
        if address is None:
            address = self._discovered = await self._discover()
        return read_keys(await self._documents.get(address))

    async def _discover(self) -> str:
        metadata = await self._documents.get(self._terms.metadata_address)
        if not isinstance(metadata, dict) or metadata.get("issuer") != self._terms.issuer:
            raise ValueError("the metadata is another issuer's")
        address = metadata.get("jwks_uri")
        if not isinstance(address, str):
            raise ValueError("the metadata names no jwks_uri")
        if parsed(self._terms.metadata_address).scheme == "https" and parsed(address).scheme != "https":
            raise ValueError("the metadata names a jwks_uri that is not protected by TLS")
        return address
