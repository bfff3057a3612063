"""Which permissions exist, what the built-in roles hold, and what a tenant can hold at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.http.rules import AUTHENTICATED

EVERYTHING = "*"
ADMIN = "admin"
USER = "user"
VIEWER = "viewer"
BUILT_IN = (ADMIN, USER, VIEWER)
READ = "read"

PERMISSIONS: Mapping[str, str] = {
    "keys:read": "See the tenant's API keys",
    "keys:write": "Make, change, rotate and revoke the tenant's API keys",
    "clients:read": "See the tenant's OAuth 2 clients",
    "clients:write": "Make, change, rotate and revoke the tenant's OAuth 2 clients",
    "tokens:introspect": "Ask whether an access token of the tenant is good, and for what",
    "users:read": "See the tenant's users",
    "users:write": "Make, change and disable the tenant's users",
    "organization:write": "Rename the organisation",
    "roles:read": "See the tenant's roles",
    "roles:write": "Make, change and delete the tenant's roles",
    "audit:read": "Read the tenant's audit log",
    "tenants:read": "See all tenants",
    "tenants:write": "Make, change and disable tenants",
    "signing:read": "See the keys that sign access tokens",
    "signing:write": "Make a new key that signs access tokens",
}
"""What the routes of this package ask for."""

PLATFORM = frozenset({"tenants", "signing", "limits", "plans", "metrics", "health", "development"})
"""Areas that are about the whole deployment: callers of the default tenant alone can hold their permissions."""

ADMINISTRATION = PLATFORM | {
    "keys",
    "clients",
    "tokens",
    "users",
    "roles",
    "audit",
    "tasks",
    "webhooks",
    "organization",
}
"""Areas that no product's user holds by default, and whose refusals are audited."""


def area(permission: str) -> str:
    """What stands before the colon: the service, or the part of the house."""
    return permission.partition(":")[0]


@dataclass(frozen=True)
class Permissions:
    """All permissions of a deployment with what each allows, and those that the role `user` holds."""

    declared: Mapping[str, str] = field(default_factory=lambda: PERMISSIONS)
    for_users: frozenset[str] = frozenset()

    @cached_property
    def areas(self) -> frozenset[str]:
        return frozenset(area(name) for name in self.declared if name != AUTHENTICATED)

    @cached_property
    def of_products(self) -> frozenset[str]:
        """Everything but administration."""
        return frozenset(name for name in self.declared if area(name) in self.areas - ADMINISTRATION)

    def knows(self, permission: str) -> bool:
        """Whether it is declared, or a wildcard over something that is."""
        return permission == EVERYTHING or permission in self._wildcards or permission in self.declared

    @cached_property
    def _wildcards(self) -> frozenset[str]:
        return frozenset(f"{name}:*" for name in self.areas)

    def of_role(self, role: str) -> frozenset[str]:
        """What a built-in role holds; nothing for any other name."""
        if role == ADMIN:
            return frozenset({EVERYTHING})
        if role == VIEWER:
            return self._for_viewers
        return self.for_users if role == USER else frozenset()

    @cached_property
    def _for_viewers(self) -> frozenset[str]:
        """Whatever of the products can only be looked at."""
        return frozenset(name for name in self.of_products if name.partition(":")[2] == READ)

    def within(self, tenant: UUID, permissions: Iterable[str]) -> frozenset[str]:
        """What is left of the permissions in a tenant: outside the default one, nothing of the platform.

        `*` there becomes a wildcard for each area that a tenant has, so that asking stays a look-up in a set.
        """
        held = set(permissions)
        if tenant == DEFAULT_TENANT:
            return frozenset(held)
        if EVERYTHING in held:
            held |= self._wildcards
            held.remove(EVERYTHING)
        return frozenset(name for name in held if area(name) not in PLATFORM)

    def missing(self, holder: Principal, wanted: Iterable[str]) -> list[str]:
        """Those of the wanted permissions that the holder lacks, and so cannot give to anybody."""
        return sorted(name for name in wanted if not self._covers(holder, name))

    def _covers(self, holder: Principal, wanted: str) -> bool:
        if wanted == EVERYTHING:
            return bool(holder.permissions) and self.within(holder.tenant, {EVERYTHING}) <= holder.permissions
        return holder.may(wanted)


def permissions_of(
    declared: Mapping[str, str], for_users: Iterable[str], chosen_for_users: Iterable[str] = ()
) -> Permissions:
    """The registry of a deployment: every manifest's permissions, those that the products give to users, and what the
    operator chose in their place. Raises `ValueError` for a permission of users that nobody declares.
    """
    found = Permissions({**PERMISSIONS, **declared}, frozenset(chosen_for_users) or frozenset(for_users))
    strange = sorted(name for name in found.for_users if not found.knows(name))
    if strange:
        raise ValueError(f"{', '.join(strange)} is no permission of any product")
    return found
