"""What a verified token says, read by what the operator said of its issuer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from esteio.auth.oidc.claims import every, first
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.schemas import EMAIL_PATTERN

LONGEST_ID = 500
LONGEST_NAME = 200
LONGEST_EMAIL = 254
MOST_LISTED = 500


class Refused(Exception):
    """The token is good for nothing here; `why` is a word for the operator's metrics and log, never for the caller."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer of the issuer's, as the token names it."""

    id: str
    slug: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """Who it is, in which organisation, as what. Roles are ours; `None` where the issuer says nothing of them.

    `email` is one that the issuer does not call unverified; `verified` says that it calls it verified.
    """

    issuer: str
    subject: str
    email: str | None
    verified: bool
    name: str
    organization: Organization | None
    roles: tuple[str, ...] | None
    permissions: frozenset[str]
    issued_at: datetime
    expires_at: datetime


def stated(claims: Mapping[str, Any], terms: IssuerSettings, issued_at: datetime, expires_at: datetime) -> Statement:
    """The statement of a token whose signature and times are good. Raises `Refused` where it says what cannot be."""
    subject = _id(first(claims, terms.subject_claim), "subject")
    unverified = first(claims, terms.email_verified_claim)
    email = None if unverified in (False, "false") else _email(first(claims, terms.email_claim))
    return Statement(
        issuer=terms.issuer,
        subject=subject,
        email=email,
        verified=unverified is True,
        name=_name(first(claims, terms.name_claim)) or email or subject[:LONGEST_NAME],
        organization=_organization(claims, terms),
        roles=_roles(claims, terms),
        permissions=_permissions(claims, terms),
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _id(value: Any, what: str) -> str:
    # Half a surrogate pair has no bytes, and NUL no place in a table.
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        raise Refused(what)
    return value


def _email(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL or not re.fullmatch(EMAIL_PATTERN, value.strip()):
        return None
    return value.strip().lower()


def _name(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(character for character in value if character.isprintable()).strip()[:LONGEST_NAME] or None


def _organization(claims: Mapping[str, Any], terms: IssuerSettings) -> Organization | None:
    """Named by a text, by a list of one name, or by a map of one name to what is known of it, perhaps an `id`."""
    found = first(claims, terms.organization_claim)
    if found is None or found in ("", [], {}):
        return None
    alias = None
    if isinstance(found, list | dict):
        if len(found) != 1:
            # The token says where somebody is a member, and not for which of these it is.
            raise Refused("organization")
        alias = next(iter(found))
        known = found[alias] if isinstance(found, dict) else None
        found = (known.get("id") if isinstance(known, dict) else None) or alias
    slug = alias or first(claims, terms.organization_slug_claim)
    name = _name(first(claims, terms.organization_name_claim)) or _name(slug)
    return Organization(_id(found, "organization"), slug if isinstance(slug, str) else None, name)


def _roles(claims: Mapping[str, Any], terms: IssuerSettings) -> tuple[str, ...] | None:
    if not terms.role_map:
        return None
    said = every(claims, terms.roles_claim)
    if not said and terms.absent_roles == "keep":
        return None
    names = [name for value in said for name in _texts(value, apart=False)]
    mapped = {terms.role_map[bare] for name in names if (bare := name.removeprefix(terms.prefix)) in terms.role_map}
    if not mapped and terms.default_role is not None:
        mapped = {terms.default_role}
    return tuple(sorted(mapped))


def _permissions(claims: Mapping[str, Any], terms: IssuerSettings) -> frozenset[str]:
    if not terms.accepted_permissions:
        return frozenset()
    accepted = frozenset(terms.accepted_permissions)
    said = every(claims, terms.permissions_claim)
    names = {name.removeprefix(terms.prefix) for value in said for name in _texts(value, apart=True)}
    return frozenset(name for name in names if name in accepted or name.partition(":")[0] + ":*" in accepted)


def _texts(value: Any, *, apart: bool) -> list[str]:
    """The texts of a list, or the one text; `apart`: which has several, with spaces between them."""
    if isinstance(value, str):
        return value.split() if apart else [value]
    return [item for item in value[:MOST_LISTED] if isinstance(item, str)] if isinstance(value, list) else []
