"""What an issuer is told by its control, below `/_standin/`.

GET     issuer       its name, its endpoints' addresses, its keys, how often they were fetched
GET     people       the sample people, with their `sub`
POST    tokens       a token; members as of `minting.Wanted`
POST    keys         {"algorithm", "kid", "keep"}: a new key that signs from now on
DELETE  keys/{kid}   is published no longer
PUT     clock        {"ahead"}: seconds that its clock is ahead
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from esteio.standins.oidc.keys import Key
from esteio.standins.oidc.minting import Wanted, minted
from esteio.standins.oidc.people import PEOPLE
from esteio.standins.oidc.provider import Provider
from esteio.standins.wire import Answer, Request, written

KINDS: Mapping[str, tuple[type, ...]] = {
    "lifetime": (int, float),
    "skew": (int, float),
    "ahead": (int, float),
    "bare": (bool,),
    "keep": (bool,),
    "permissions": (list,),
    "headers": (dict,),
    "claims": (dict,),
}
"""What members are; all others are texts."""
TOKEN = tuple(Wanted.__dataclass_fields__)
LONGEST = 10**9


def controlled(provider: Provider, request: Request) -> Answer | None:
    """Does what is told; None where there is no such control. Raises `ValueError`."""
    match request.method, request.path.removeprefix("/_standin/").strip("/").split("/", 1):
        case "GET", ["issuer"]:
            return written(described(provider))
        case "GET", ["people"]:
            return written([{**asdict(one), "sub": one.subject(provider.terms.shape)} for one in PEOPLE.values()])
        case "POST", ["tokens"]:
            told = _told(request, TOKEN)
            wanted = Wanted(**told | {"permissions": tuple(map(str, told.get("permissions", ())))})
            return written({"token": minted(provider, wanted)}, 201)
        case "POST", ["keys"]:
            return written(_key(provider, provider.ring.rotate(**_told(request, ("algorithm", "kid", "keep")))), 201)
        case "DELETE", ["keys", kid]:
            provider.ring.withdraw(kid)
            return Answer(204)
        case "PUT", ["clock"]:
            provider.ahead = float(_told(request, ("ahead",)).get("ahead", 0))
            return written({"ahead": provider.ahead})
    return None


def described(provider: Provider) -> dict[str, Any]:
    ring = provider.ring
    return {
        "issuer": provider.issuer,
        "shape": provider.terms.shape,
        **{name: provider.place(name) for name in provider.terms.form.paths},
        "keys": [_key(provider, one) for one in ring.published],
    }


def _key(provider: Provider, key: Key) -> dict[str, Any]:
    return {"kid": key.kid, "alg": key.algorithm, "signs": key is provider.ring.current}


def _told(request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    told = request.json()
    if not isinstance(told, dict) or not set(told) <= set(names):
        raise ValueError(f"give an object with some of {', '.join(names)}")
    for name, value in told.items():
        kinds = KINDS.get(name, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"{name} is {' or '.join(kind.__name__ for kind in kinds)}")
        if isinstance(value, int | float) and not abs(value) < LONGEST:
            raise ValueError(f"{name} is a number of seconds")
    return told
