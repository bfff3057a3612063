"""What an issuer's word is worth: never more than its operator's settings say, and in the default tenant less."""

from collections.abc import Iterable
from uuid import UUID

from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.statements import Statement
from esteio.auth.permissions import USER, VIEWER, Permissions
from esteio.base.principal import DEFAULT_TENANT, Principal

ORDINARY = frozenset({USER, VIEWER})
"""Roles that an issuer's users may have where the platform itself is administered."""


class Grants:
    """From what was said to roles and permissions here."""

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions

    def first_roles(self, said: Statement, terms: IssuerSettings, tenant: UUID) -> list[str]:
        """The roles that the token gives in the tenant, or a new member's where it says nothing of them."""
        default = (terms.default_role,) if terms.default_role is not None else ()
        return self.roles(said.roles if said.roles is not None else default, terms, tenant)

    def following(self, present: Iterable[str], said: Statement, terms: IssuerSettings, tenant: UUID) -> list[str]:
        """The roles of a member after the token. What its issuer could not give there, its word does not take away."""
        given = self.first_roles(said, terms, tenant)
        return sorted({*given, *(set(present) - ORDINARY)}) if self._bound(terms, tenant) else given

    def roles(self, roles: Iterable[str], terms: IssuerSettings, tenant: UUID) -> list[str]:
        """Those of the roles that count there, ordered."""
        held = set(roles)
        if self._bound(terms, tenant) and not held <= ORDINARY:
            held = (held & ORDINARY) | {USER}
        return sorted(held)

    def permissions(
        self, said: Statement, terms: IssuerSettings, tenant: UUID, roles: Iterable[str], own: Iterable[str]
    ) -> frozenset[str]:
        """What the roles hold there (`own`: by roles of the tenant's own), and what the token itself gives."""
        bound = self._bound(terms, tenant)
        held = frozenset[str]().union(*(self._permissions.of_role(role) for role in roles))
        given = frozenset(name for name in said.permissions if self._permissions.knows(name))
        if bound:
            given = frozenset(name for name in given if self._users_hold(name))
        else:
            held |= frozenset(own)
        return self._permissions.within(tenant, held | given)

    def _bound(self, terms: IssuerSettings, tenant: UUID) -> bool:
        return tenant == DEFAULT_TENANT and not terms.platform_roles

    def _users_hold(self, permission: str) -> bool:
        anybody = Principal(id="", tenant=DEFAULT_TENANT, proof="oidc", permissions=self._permissions.of_role(USER))
        return anybody.may(permission)
