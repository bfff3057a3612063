"""Scopes of OAuth are permissions of the house: what covers what, and what two sets of them have in common."""

from collections.abc import Iterable

from esteio.auth.oauth.errors import InvalidScope
from esteio.auth.permissions import Permissions, area


def covered(scope: str, held: Iterable[str]) -> bool:
    """Whether the scope is held, itself or through a wildcard over its area."""
    held = frozenset(held)
    return scope in held or f"{area(scope)}:*" in held


def common(one: Iterable[str], other: Iterable[str]) -> frozenset[str]:
    """What both allow: where one says `pets:*` and the other `pets:read`, that is `pets:read`."""
    first, second = frozenset(one), frozenset(other)
    return frozenset(scope for scope in first if covered(scope, second)) | frozenset(
        scope for scope in second if covered(scope, first)
    )


def granted(asked: str | None, held: Iterable[str], permissions: Permissions) -> tuple[str, ...]:
    """The scopes of a token, in order; all that the client holds where it asks for none.

    Raises `InvalidScope` for one that the client does not hold.
    """
    held = [scope for scope in held if permissions.knows(scope)]
    if asked is None:
        return tuple(sorted(held))
    wanted = asked.split(" ")
    if any(not permissions.knows(scope) or not covered(scope, held) for scope in wanted):
        raise InvalidScope
    return tuple(sorted(set(wanted)))
