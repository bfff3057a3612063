"""What each issuer's access tokens say, beside who issued them and when."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from esteio.standins.oidc.people import Person

Claims = dict[str, Any]
HEAD_START = 10
MEMBER = "member"
AUDIENCE = "esteio"


@dataclass(frozen=True)
class Bearer:
    """For whom a token is made, and where they act."""

    subject: str
    person: Person | None = None
    organisation: str | None = None
    role: str | None = None
    permissions: tuple[str, ...] = ()
    session: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def profile(self) -> Claims:
        return {} if self.person is None else self.person.profile()


@dataclass(frozen=True)
class Setting:
    """By whom and for what it is made; no `audience`: what such an issuer says unasked. `begun`: seconds since 1970."""

    issuer: str
    audience: str | None
    client: str
    origin: str
    scope: str
    version: int
    begun: int


def _clerk(bearer: Bearer, setting: Setting) -> Claims:
    said: Claims = {
        "azp": setting.origin,
        "fva": [0, -1],
        "nbf": setting.begun - HEAD_START,
        "jti": secrets.token_hex(10),
        "sid": "sess_" + bearer.session.replace("-", "")[:27],
        "sts": "active",
    }
    if setting.audience is not None:
        said["aud"] = setting.audience
    if setting.version == 1:
        return said | (_flat(bearer) if bearer.organisation else {})
    said |= {"v": 2, "pla": "u:free"}
    return said | (_nested(bearer) if bearer.organisation else {})


def _flat(bearer: Bearer) -> Claims:
    """The organisation in a token of version 1."""
    return {
        "org_id": f"org_{bearer.organisation}",
        "org_slug": bearer.organisation,
        "org_role": f"org:{bearer.role or MEMBER}",
        "org_permissions": [f"org:{one}" for one in bearer.permissions],
    }


def _nested(bearer: Bearer) -> Claims:
    """The same in version 2: for each feature, in the order of `fea`, a number whose bits are the verbs of `per`."""
    pairs = [one.rpartition(":")[::2] for one in bearer.permissions]
    features, verbs = ([*dict.fromkeys(pair[place] for pair in pairs)] for place in (0, 1))
    maps = [sum(1 << at for at, verb in enumerate(verbs) if (name, verb) in pairs) for name in features]
    inside: Claims = {"id": f"org_{bearer.organisation}", "slg": bearer.organisation, "rol": bearer.role or MEMBER}
    if not pairs:
        return {"o": inside}
    inside |= {"per": ",".join(verbs), "fpm": ",".join(map(str, maps))}
    return {"o": inside, "fea": ",".join(f"o:{name}" for name in features)}


def _auth0(bearer: Bearer, setting: Setting) -> Claims:
    said: Claims = {
        "aud": [setting.audience or AUDIENCE, f"{setting.issuer}userinfo"],
        "azp": setting.client,
        "scope": setting.scope,
        "permissions": [*bearer.permissions],
    }
    if bearer.organisation:
        said |= {"org_id": f"org_{bearer.organisation}", "org_name": bearer.organisation}
    return said


def _keycloak(bearer: Bearer, setting: Setting) -> Claims:
    own = [bearer.role] if bearer.role else []
    said: Claims = {
        "auth_time": setting.begun,
        "jti": str(uuid.uuid4()),
        "aud": "account" if setting.audience is None else [setting.audience, "account"],
        "typ": "Bearer",
        "azp": setting.client,
        "sid": bearer.session,
        "acr": "1",
        "allowed-origins": [setting.origin],
        "realm_access": {"roles": ["offline_access", "uma_authorization", *own]},
        "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": setting.scope,
    }
    if roles := [*own, *bearer.permissions]:
        said["resource_access"][setting.client] = {"roles": roles}
    if bearer.organisation:
        number = str(uuid.uuid5(uuid.NAMESPACE_DNS, bearer.organisation))
        said["organization"] = {bearer.organisation: {"id": number}}
    return said | bearer.profile


def _generic(bearer: Bearer, setting: Setting) -> Claims:
    said: Claims = {
        "aud": setting.audience or AUDIENCE,
        "nbf": setting.begun,
        "jti": str(uuid.uuid4()),
        "client_id": setting.client,
        "azp": setting.client,
        "sid": bearer.session,
        "scope": setting.scope,
    }
    if bearer.organisation:
        said |= {"org_id": f"org_{bearer.organisation}", "org_slug": bearer.organisation}
    if bearer.role:
        said["roles"] = [bearer.role]
    if bearer.permissions:
        said["permissions"] = [*bearer.permissions]
    return said | bearer.profile


CLAIMS: Mapping[str, Callable[[Bearer, Setting], Claims]] = {
    "clerk": _clerk,
    "auth0": _auth0,
    "keycloak": _keycloak,
    "generic": _generic,
}
