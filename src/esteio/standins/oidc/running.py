"""The issuer for the time of a block: `with running_oidc(shape="clerk") as issuer: …`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from esteio.standins.oidc.minting import Wanted, minted
from esteio.standins.oidc.site import Oidc
from esteio.standins.oidc.terms import Terms
from esteio.standins.running import Running, running


class Issuer(Running):
    """A running issuer, which mints any token and counts how often its keys were fetched."""

    _site: Oidc

    @property
    def shape(self) -> str:
        """As whose its tokens look."""
        return self._site.provider.terms.shape

    @property
    def issuer(self) -> str:
        """Its name, to the letter."""
        return self._site.now().issuer

    @property
    def jwks_url(self) -> str:
        return self._site.now().place("jwks")

    @property
    def discovery_url(self) -> str:
        return self._site.now().place("discovery")

    def path(self, name: str) -> str:
        """Of discovery, jwks, authorize, token, userinfo, end_session: for `fault` and `calls`. Raises `KeyError`."""
        return self._site.provider.terms.path(name)

    @property
    def fetches(self) -> int:
        """How often JWKS was asked for, whatever was answered."""
        return self.calls(self.path("jwks"))

    @property
    def discoveries(self) -> int:
        """How often the discovery document was asked for."""
        return self.calls(self.path("discovery"))

    @property
    def kids(self) -> list[str]:
        """The names of the published keys, the oldest first."""
        return self.do(lambda: [one.kid for one in self._site.provider.ring.published])

    def token(
        self,
        subject: str | None = None,
        *,
        person: str | None = None,
        organisation: str | None = None,
        role: str | None = None,
        permissions: Sequence[str] = (),
        lifetime: float | None = None,
        skew: float = 0,
        algorithm: str | None = None,
        kid: str | None = None,
        flaw: str | None = None,
        bare: bool = False,
        headers: Mapping[str, Any] | None = None,
        more: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """An access token (Clerk: a session token) as this issuer writes them, with these claims instead of its own.

        A claim or header that is None is left out; `more` are claims that share a name with a parameter. `flaw` is one
        of `minting.FLAWS`; all else is as `minting.Wanted` has it. Raises `ValueError`.
        """
        wanted = Wanted(
            subject,
            person,
            organisation,
            role,
            tuple(permissions),
            lifetime,
            skew,
            algorithm,
            kid,
            flaw,
            bare,
            headers or {},
            {**claims, **(more or {})},
        )
        return self.do(lambda: minted(self._site.now(), wanted))

    def rotate(self, algorithm: str | None = None, *, keep: bool = True, kid: str | None = None) -> str:
        """A new key signs and is published from now on; its name. Without `keep` the former one is dropped.

        It may be of another algorithm, or have a name that is taken. Raises `ValueError`.
        """
        return self.do(lambda: self._site.provider.ring.rotate(algorithm, kid, keep)).kid

    def withdraw(self, kid: str) -> None:
        """Publish a key no longer; `token(kid=…)` still signs with it. Raises `ValueError`."""
        self.do(lambda: self._site.provider.ring.withdraw(kid))

    def ahead(self, seconds: float) -> None:
        """How far its clock is ahead, for all that it signs from now on."""
        self.do(lambda: setattr(self._site.provider, "ahead", seconds))


@contextmanager
def running_oidc(
    shape: str = "generic", port: int = 0, *, clock: Callable[[], float] = time.time, **terms: Any
) -> Iterator[Issuer]:
    """The issuer on a free port (or this one) of the loopback address until the block ends.

    `terms` are members of `Terms`; `clock` gives the seconds since 1970. Raises `ValueError`.
    """
    site = Oidc(Terms(shape, **terms), clock)
    with running(site, Issuer, port) as issuer:
        issuer._site = site
        yield issuer
