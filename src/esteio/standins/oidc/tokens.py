"""The claims of access tokens and of ID tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256, sha512
from typing import Any

from esteio.standins.oidc.claims import CLAIMS, Bearer, Setting
from esteio.standins.oidc.jws import present
from esteio.standins.oidc.keys import encoded
from esteio.standins.oidc.people import Person


def signed_in(
    person: Person,
    shape: str,
    organisation: str | None = None,
    role: str | None = None,
    permissions: tuple[str, ...] = (),
) -> Bearer:
    """A sample person, who acts in their own organisation unless in another."""
    if organisation is None:
        organisation, role = person.organisation, role or person.role
    return Bearer(person.subject(shape), person, organisation, role, permissions)


def access(shape: str, bearer: Bearer, setting: Setting, life: float) -> dict[str, Any]:
    """The claims of an access token (with Clerk's shape: of a session token) that lives so many seconds."""
    return _common(bearer, setting, life) | CLAIMS[shape](bearer, setting)


MARKS: Mapping[str, dict[str, Any]] = {"keycloak": {"typ": "ID"}}
"""By what an issuer's ID tokens differ from its access tokens, beside their audience."""


def identity(shape: str, bearer: Bearer, setting: Setting, life: float, sign_in: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an ID token, which is for the client alone, with what it says of this `sign_in`."""
    said = _common(bearer, setting, life) | MARKS.get(shape, {})
    said |= {"aud": setting.client, "azp": setting.client, "auth_time": setting.begun}
    return said | bearer.profile | present(sign_in)


def _common(bearer: Bearer, setting: Setting, life: float) -> dict[str, Any]:
    times = {"iat": setting.begun, "exp": int(setting.begun + life)}
    return {"iss": setting.issuer, "sub": bearer.subject, **times}


HASHES: Mapping[str, Callable[[bytes], Any]] = {"EdDSA": sha512}


def half_hash(token: str, algorithm: str) -> str:
    """`at_hash`: the left half of the token's hash, by the hash that the signature uses."""
    digest: bytes = HASHES.get(algorithm, sha256)(token.encode()).digest()
    return encoded(digest[: len(digest) // 2])
