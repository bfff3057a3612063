"""API keys that are set with the deployment instead of being made by it."""

from collections.abc import Iterable

from esteio.auth.permissions import Permissions
from esteio.auth.proof import Proof
from esteio.base.crypto import same, sha256
from esteio.base.principal import DEFAULT_TENANT, Principal


class EnvironmentKeys:
    """Keys of the environment, all with the same scopes, in the default tenant. They end with a restart."""

    def __init__(self, keys: Iterable[str], scopes: Iterable[str], permissions: Permissions) -> None:
        granted = permissions.within(DEFAULT_TENANT, frozenset(scopes) or permissions.of_products)
        self._keys = [(digest, _proof(digest, granted)) for digest in (sha256(key.encode()) for key in keys)]

    def proof(self, raw: bytes) -> Proof | None:
        """What the presented key proves. It is compared with every key in full, so that time tells nothing."""
        if not self._keys:
            return None
        presented = sha256(raw)
        found = None
        for digest, proof in self._keys:
            if same(digest, presented):
                found = proof
        return found


def _proof(digest: bytes, granted: frozenset[str]) -> Proof:
    name = f"key:environment-{digest.hex()[:8]}"
    return Proof(Principal(id=name, tenant=DEFAULT_TENANT, proof="environment_key", permissions=granted, label=name))
