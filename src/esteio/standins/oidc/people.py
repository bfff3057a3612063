"""The sample people who can sign in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Person:
    """Someone with an account at the issuer, who may belong to an organisation there."""

    key: str
    name: str
    organisation: str | None = None
    role: str | None = None

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"

    def subject(self, shape: str) -> str:
        """Their `sub`, written as the issuer does; the same each time it runs."""
        digest = sha256(self.key.encode()).hexdigest()
        written = {
            "clerk": f"user_{digest[:27]}",
            "auth0": f"auth0|{digest[:24]}",
            "keycloak": str(uuid.uuid5(uuid.NAMESPACE_OID, self.key)),
        }
        return written.get(shape, self.key)

    def profile(self) -> dict[str, object]:
        given, _, family = self.name.partition(" ")
        return {
            "name": self.name,
            "given_name": given,
            "family_name": family,
            "preferred_username": self.key,
            "email": self.email,
            "email_verified": True,
        }


PEOPLE: Mapping[str, Person] = {
    one.key: one
    for one in (
        Person("ana", "Ana Souza"),
        Person("bento", "Bento Lima", "acme", "member"),
        Person("maria", "Maria Alves", "acme", "admin"),
        Person("noor", "Noor Haddad", "globex", "admin"),
    )
}


def found(hint: str, shape: str) -> Person | None:
    """The person whom a key, an e-mail address or a `sub` names."""
    return next((one for one in PEOPLE.values() if hint in (one.key, one.email, one.subject(shape))), None)
