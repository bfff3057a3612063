"""What an issuer is: how it looks, for whom its tokens are, with what it signs."""

from __future__ import annotations

from dataclasses import dataclass

from esteio.standins.oidc.keys import ALGORITHMS
from esteio.standins.oidc.shapes import SHAPES, Shape

CLIENT = "esteio-web"
ORIGIN = "http://localhost:3000"
REALM = "esteio"


@dataclass(frozen=True)
class Terms:
    """What does not change while it runs. Raises `ValueError`.

    `audience` is what tokens are for; unless told: `esteio`, with Keycloak's shape `account`, with Clerk's none.
    `client` is the public client that tokens are minted for where nobody signs in (any may sign in), `origin` the page
    that Clerk's tokens name instead, `version` that of Clerk's tokens, `realm` Keycloak's.
    """

    shape: str = "generic"
    algorithms: tuple[str, ...] = ("RS256",)
    audience: str | None = None
    client: str = CLIENT
    origin: str = ORIGIN
    version: int = 2
    realm: str = REALM

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"there is no shape {self.shape!r}; there are {', '.join(SHAPES)}")
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"algorithms are some of {', '.join(ALGORITHMS)}")
        if self.version not in (1, 2):
            raise ValueError("tokens of Clerk are of version 1 or 2")

    @property
    def form(self) -> Shape:
        return SHAPES[self.shape]

    @property
    def base(self) -> str:
        """The path below which all of it is; empty at the root."""
        return self.form.base.format(realm=self.realm)

    def path(self, name: str) -> str:
        """That of an endpoint: discovery, jwks, authorize, token, userinfo, end_session."""
        return self.base + self.form.paths[name]
