"""Who is calling, whichever way it was proved."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

DEFAULT_TENANT = UUID("00000000-0000-7000-8000-000000000001")
"""The tenant that the first migration makes; anonymous callers and single-tenant deployments live in it."""

Proof = Literal["none", "api_key", "environment_key", "token", "oidc", "client"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A proved caller: subject, tenant, roles, permissions, and how it was proved.

    `id` names the subject in logs, limits and records (`user:<uuid>`, `key:<uuid>`, `client:<uuid>`,
    `anonymous`). A permission is
    `service:verb`; `*` and `service:*` hold all of them, all of one service.
    """

    id: str
    tenant: UUID
    proof: Proof
    user: UUID | None = None
    key: UUID | None = None
    session: UUID | None = None
    roles: tuple[str, ...] = ()
    permissions: frozenset[str] = frozenset()
    plan: str | None = None
    label: str = field(default="", compare=False)
    anonymous: bool = field(init=False, repr=False, compare=False)
    tenant_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for by every request, so not worked out anew by each.
        object.__setattr__(self, "anonymous", self.proof == "none")
        object.__setattr__(self, "tenant_text", str(self.tenant))

    def may(self, permission: str) -> bool:
        """Whether the permission is held, itself or through a wildcard."""
        held = self.permissions
        return permission in held or "*" in held or permission.partition(":")[0] + ":*" in held


ANONYMOUS = Principal(id="anonymous", tenant=DEFAULT_TENANT, proof="none")
