"""Where in a token something is said."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

Path = tuple[str, ...]
Paths = tuple[Path, ...]
LONGEST_PATH = 10


def _path(value: Any) -> Path:
    names = value.split(".") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not 1 <= len(names) <= LONGEST_PATH:
        raise ValueError("a claim is named as `realm_access.roles`, or as a list of names where one has a dot in it")
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("the names on the way to a claim are texts that are not empty")
    return tuple(names)


def _paths(value: Any) -> Paths:
    return (_path(value),) if isinstance(value, str) else tuple(_path(item) for item in value)


def _read(value: Any) -> Any:
    if not isinstance(value, str | list | tuple):
        raise ValueError("name a claim, or several in the order in which they are looked for")
    return _paths(value)


Claim = Annotated[Path, BeforeValidator(_path)]
"""The way to one claim: `"o.rol"`, or `["https://example.org/roles"]` where a name has a dot in it."""

Claims = Annotated[Paths, BeforeValidator(_read)]
"""One or several claims: `"org_id"`, `["o.id", "org_id"]`, `[["https://example.org/roles"], "roles"]`."""


def said(claims: Mapping[str, Any], path: Path) -> Any:
    """The value at the end of the way; `None` where it leads nowhere."""
    found: Any = claims
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def first(claims: Mapping[str, Any], paths: Sequence[Path]) -> Any:
    """The first value of these that is there and not null."""
    return next((value for path in paths if (value := said(claims, path)) is not None), None)


def every(claims: Mapping[str, Any], paths: Sequence[Path]) -> list[Any]:
    """All values of these that are there."""
    return [value for path in paths if (value := said(claims, path)) is not None]
