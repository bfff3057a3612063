"""An issuer's state: its name, keys, clock, codes that were given and sessions that were ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from esteio.standins.oidc.claims import Setting
from esteio.standins.oidc.codes import Codes
from esteio.standins.oidc.keys import Ring, encrypting
from esteio.standins.oidc.terms import Terms

SCOPE = "openid profile email"


class Provider:
    """`address` is where it is, which is known once it runs; `ahead` is how many seconds its clock is."""

    def __init__(self, terms: Terms, clock: Callable[[], float] = time.time) -> None:
        self.terms = terms
        self.address = ""
        self.ahead = 0.0
        self.ring = Ring(terms.algorithms, terms.form.kid)
        self.codes = Codes()
        self.ended: set[str] = set()
        self._clock = clock
        if terms.shape == "keycloak":
            self.ring.others = (encrypting(),)

    @property
    def issuer(self) -> str:
        """Its name, to the letter: Auth0's ends with a slash, the others' do not."""
        return self.address + self.terms.base + self.terms.form.tail

    def place(self, name: str) -> str:
        """The address of an endpoint."""
        return self.address + self.terms.path(name)

    def now(self) -> float:
        return self._clock() + self.ahead

    def reset(self) -> None:
        self.ahead = 0.0
        self.ring.reset()
        self.codes.clear()
        self.ended.clear()

    def setting(self, begun: float, client: str = "", origin: str = "", scope: str = SCOPE) -> Setting:
        """For what a token is made that begins to be valid then; without a client for the one that is always there."""
        terms = self.terms
        return Setting(
            self.issuer,
            terms.audience,
            client or terms.client,
            origin or terms.origin,
            scope,
            terms.version,
            int(begun),
        )
