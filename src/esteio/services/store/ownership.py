"""Whose favourites a caller may touch."""

from uuid import UUID

from esteio.base.errors import Forbidden
from esteio.base.principal import Principal

EVERYBODYS = "favorites:admin"
"""The permission to see and manage the favourites of every user of the tenant."""


def owner_for(caller: Principal, asked: UUID | None = None) -> UUID | None:
    """The user whose favourites are meant, `None` for everybody's. `asked` is the user that the caller names.

    Raises `Forbidden` for others without the permission, in the same words whether they exist or not.
    """
    if caller.may(EVERYBODYS):
        return asked
    if asked is not None and asked != caller.user:
        raise Forbidden(f"The favourites of other users are for callers with {EVERYBODYS}.")
    return account_of(caller)


def account_of(caller: Principal) -> UUID:
    """The caller's own account. Raises `Forbidden` for an API key, which has none."""
    if caller.user is None:
        raise Forbidden(f"An API key has no account to like things with; with {EVERYBODYS} it manages those of users.")
    return caller.user
