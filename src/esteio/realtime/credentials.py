"""What a listener proved itself by, so that it can be proved again while it listens."""

from dataclasses import dataclass

from esteio.auth.credentials import Credentials
from esteio.auth.gate import KEY
from esteio.auth.proof import Proof, comes_from
from esteio.auth.prover import Prover
from esteio.base.errors import Forbidden, InvalidCredentials


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key or a bearer token. It stays in memory as long as its connection, and is never written in clear."""

    kind: str
    raw: bytes

    def __repr__(self) -> str:
        return f"Credential({self.kind})"


class Proving:
    """Asks the same as every request: the memory of proved credentials first, the database when that is over."""

    def __init__(self, credentials: Credentials, prover: Prover) -> None:
        self._credentials = credentials
        self._prover = prover

    def fresh(self, shown: Credential) -> Proof | None:
        return self._credentials.fresh(shown.raw)

    async def prove(self, shown: Credential) -> Proof | None:
        """What it proves, `None` when nothing any more. Raises `Unavailable` when that cannot be said."""
        proof = self._credentials.fresh(shown.raw)
        if proof is None:
            ask = self._prover.by_key if shown.kind == KEY else self._prover.by_bearer
            proof = await ask(shown.raw)
        return proof

    async def enter(self, shown: Credential, address: str) -> Proof:
        """The proof of a caller that comes from this address. Raises `InvalidCredentials` or `Forbidden`."""
        proof = await self.prove(shown)
        if proof is None:
            raise InvalidCredentials
        if not may_come_from(proof, address):
            raise Forbidden("The credentials may not be used from this address.")
        return proof


def may_come_from(proof: Proof, address: str) -> bool:
    return not proof.networks or comes_from(address, proof.networks)
