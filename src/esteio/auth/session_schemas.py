"""What callers send and receive about coming in, staying and leaving."""

from typing import Annotated, Literal

from pydantic import Field

from esteio.auth.schemas import Email, Password, PresentPassword, Slug
from esteio.base.schema import Body, View

Kept = Annotated[
    Literal["token", "cookie"],
    Field(
        description="Where the refresh token goes: `token`, into the answer; `cookie`, into an HttpOnly cookie, "
        "which only pages of our own origin may ask for"
    ),
]
Presented = Annotated[str, Field(max_length=200, examples=["est_refresh_…"])]


class Login(Body):
    email: Email
    password: PresentPassword
    tenant: Slug | None = Field(None, description="Slug of the tenant to act in; the account's home unless said")
    session: Kept = "token"


class Refresh(Body):
    refresh_token: Presented | None = Field(None, description="Unless a browser has it in its cookie")


class Logout(Body):
    refresh_token: Presented | None = Field(None, description="Ends its session; unless a browser has it in its cookie")


class PasswordChange(Body):
    password: PresentPassword
    new_password: Password
    session: Kept = "token"


class Switch(Body):
    organization: Slug = Field(description="Slug of the organisation to act in")
    session: Kept = "token"


class TokensView(View):
    """A login (RFC 6749, section 5.1). A refresh token is used once; the answer holds the next."""

    access_token: str
    refresh_token: str | None = Field(description="Nothing where it went into the cookie")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds")


class IssuerWayView(View):
    """Another issuer at which a page may sign people in, by the code flow with PKCE."""

    name: str = Field(examples=["Example Inc."])
    issuer: str = Field(examples=["https://id.example.org/realms/shop"])
    client_id: str = Field(examples=["esteio-console"])
    scopes: list[str] = Field(examples=[["openid", "profile", "email"]])
    parameters: dict[str, str] = Field(
        description="What else to ask its authorization endpoint with",
        examples=[{"audience": "https://api.example.org"}],
    )


class WaysView(View):
    """How people may come in here."""

    password: bool = Field(description="Whether there are accounts with passwords")
    registration: Literal["open", "confirmed", "closed"] = Field(
        description="Whether anybody may register: at once, when the address was confirmed by mail, or not"
    )
    mail: bool = Field(description="Whether a new password can be had by mail")
    verified_email: Literal["optional", "required"] = Field(
        description="Whether an address has to be confirmed before the first login"
    )
    organizations_open: bool = Field(description="Whether people may make organisations")
    tenant: str = Field(description="Slug of the deployment's own tenant", examples=["default"])
    issuers: list[IssuerWayView]
