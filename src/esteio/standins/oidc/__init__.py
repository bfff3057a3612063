"""An OpenID Connect issuer, played: sign-in by code with PKCE, published keys that rotate, tokens good and bad.

Its tokens look as those of Clerk, Auth0 or Keycloak do, or are plain. `running_oidc` runs it in this process,
`esteio standin oidc` as one of its own.
"""

from esteio.standins.oidc.running import Issuer, running_oidc
from esteio.standins.oidc.site import Oidc
from esteio.standins.oidc.terms import Terms

__all__ = ["Issuer", "Oidc", "Terms", "running_oidc"]
