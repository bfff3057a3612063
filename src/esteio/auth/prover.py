"""From a presented header to a proof: whichever way a caller proves itself, it comes through here."""

from collections.abc import Awaitable, Callable

from esteio.auth.api_keys import ApiKeys
from esteio.auth.credentials import Credentials
from esteio.auth.environment import EnvironmentKeys
from esteio.auth.keys import well_formed
from esteio.auth.proof import Proof

TokenLook = Callable[[bytes], Awaitable[Proof | None]]


class Prover:
    """Knows API keys and bearer tokens. Another issuer's tokens come in as another `TokenLook`, asked in order."""

    def __init__(
        self, credentials: Credentials, keys: ApiKeys, environment: EnvironmentKeys, *tokens: TokenLook
    ) -> None:
        self._credentials = credentials
        self._keys = keys
        self._environment = environment
        self._tokens = tokens

    async def by_key(self, raw: bytes) -> Proof | None:
        """What an `X-API-Key` proves. Only a well-formed key costs a query, and that at most once in `freshness`."""
        proof = self._environment.proof(raw)
        if proof is None and well_formed(raw):
            proof = await self._credentials.prove(raw, self._keys.look)
        return proof

    async def by_bearer(self, raw: bytes) -> Proof | None:
        """What a bearer token proves: an API key may be carried that way too."""
        if raw.startswith(b"est_"):
            return await self.by_key(raw)
        return await self._credentials.prove(raw, self._by_token)

    async def _by_token(self, raw: bytes) -> Proof | None:
        for look in self._tokens:
            proof = await look(raw)
            if proof is not None:
                return proof
        return None
