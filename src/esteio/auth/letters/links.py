"""The addresses that letters lead to. A token stands in the fragment, which no browser sends to a server."""

from dataclasses import dataclass

from esteio.auth.mail_tokens import Purpose
from esteio.auth.settings import AuthSettings


@dataclass(frozen=True, slots=True)
class Links:
    """`public_url` is the deployment's own, which the pages are at unless the settings say otherwise."""

    settings: AuthSettings
    public_url: str

    def to(self, purpose: Purpose, token: str) -> str:
        """The page on which a token of the purpose is used."""
        template = {"reset": self.settings.reset_url, "invitation": self.settings.invitation_url}.get(
            purpose, self.settings.verify_url
        )
        return template.replace("{public_url}", self.public_url).replace("{token}", token)
