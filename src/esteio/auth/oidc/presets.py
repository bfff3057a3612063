"""What is known of the issuers by name: where their tokens say what, and which of their tokens are not for an API."""

from collections.abc import Mapping
from typing import Any, Literal

Preset = Literal["clerk", "auth0", "keycloak", "generic"]

_CLERK: Mapping[str, Any] = {
    "algorithms": ["RS256"],
    # Tokens made from a template are signed by the same keys, for somebody else, and belong to no session.
    "required_claims": ["sid"],
    "reject": [{"claim": "sts", "equals": "pending"}],
    "azp_required": False,
    # Version 2 says what version 1 said in single claims in `o`.
    "organization_claim": ["o.id", "org_id"],
    "organization_slug_claim": ["o.slg", "org_slug"],
    "organization_name_claim": ["o.nam", "org_name"],
    "roles_claim": ["o.rol", "org_role"],
    "permissions_claim": ["org_permissions"],
    "prefix": "org:",
    "role_map": {"admin": "admin", "member": "user"},
    "absent_roles": "keep",
}
_AUTH0: Mapping[str, Any] = {
    "algorithms": ["RS256"],
    "authorized_party_claim": ["azp", "client_id"],
    "organization_claim": "org_id",
    "organization_slug_claim": "org_name",
    "organization_name_claim": "org_name",
    "permissions_claim": ["permissions", "scope"],
}
_KEYCLOAK: Mapping[str, Any] = {
    "algorithms": ["RS256", "PS256", "ES256", "EdDSA"],
    # Its other tokens are signed by the same keys and say in their body what they are.
    "reject": [{"claim": "typ", "equals": kind} for kind in ("ID", "Refresh", "Offline", "Logout")],
    "organization_claim": "organization",
    "roles_claim": "realm_access.roles",
    "permissions_claim": "scope",
}
PRESETS: Mapping[str, Mapping[str, Any]] = {"clerk": _CLERK, "auth0": _AUTH0, "keycloak": _KEYCLOAK, "generic": {}}


def with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an issuer with those of its preset where nothing was said."""
    chosen = PRESETS.get(str(given.get("preset", "generic")), {})
    filled = {**chosen, **given}
    client = filled.get("client_id")
    if given.get("preset") == "keycloak" and client and "roles_claim" not in given:
        # As a list of names: a client's id may have dots in it.
        filled["roles_claim"] = ["realm_access.roles", ["resource_access", client, "roles"]]
    return filled
