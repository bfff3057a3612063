"""Signed tokens in their compact form, of whatever members: libraries would refuse to make the bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from esteio.standins.oidc.keys import FAMILIES, Key, encoded

Members = Mapping[str, Any]


def compact(headers: Members, claims: Members, sign: Callable[[bytes], bytes]) -> str:
    """The three parts, signed by this. Raises `ValueError`."""
    said = f"{part(headers)}.{part(claims)}"
    return f"{said}.{encoded(sign(said.encode()))}"


def part(members: Members) -> str:
    return encoded(json.dumps(members, separators=(",", ":")).encode())


def signed(key: Key, claims: Members, headers: Members | None = None, algorithm: str | None = None) -> str:
    """Signed well; a header that is None is left out. Raises `ValueError` where the key cannot sign so."""
    chosen = algorithm or key.algorithm
    if FAMILIES.get(chosen) != FAMILIES[key.algorithm]:
        raise ValueError(f"a key for {key.algorithm} cannot sign with {chosen}")
    said = present({"alg": chosen, "typ": "JWT", "kid": key.kid, **(headers or {})})
    return compact(said, claims, lambda data: key.signature(data, chosen))


def present(members: Members) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in members.items() if value is not None}
