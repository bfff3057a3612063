"""What callers send and receive about organisations and invitations."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from esteio.auth.schemas import Email, MailedToken, Name, Password, Roles, Slug
from esteio.base.schema import Body, Change, Text, View


def _no_address(name: str) -> str:
    """It stands in the subjects of mails to people who have asked for none."""
    if "://" in name or "www." in name.casefold() or "\n" in name:
        raise ValueError("a name has one line and no address of the web")
    return name


OrganizationName = Annotated[
    Text, Field(min_length=1, max_length=100, examples=["Bakery"]), AfterValidator(_no_address)
]


class NewOrganization(Body):
    name: OrganizationName
    slug: Slug | None = Field(None, description="What logins name it by; one is made of the name unless said")


class OrganizationChange(Change):
    never_empty = frozenset({"name"})

    name: OrganizationName | None = None


class OrganizationView(View):
    """A tenant as its members see it."""

    id: UUID
    slug: str
    name: str
    plan: str | None
    roles: list[str] = Field(description="The caller's there")
    current: bool = Field(description="Whether the caller acts in it")
    created_at: datetime
    version: int


class NewInvitation(Body):
    email: Email
    roles: Annotated[Roles, Field(min_length=1)] = Field(default_factory=lambda: ["user"])


class InvitationView(View):
    id: UUID
    email: str
    roles: list[str]
    state: Literal["open", "accepted", "declined", "withdrawn"]
    invited_by: str = Field(examples=["user:0192…"])
    expires_at: datetime
    accepted_at: datetime | None
    accepted_by: UUID | None = Field(description="The member's account")
    created_at: datetime
    version: int


class InvitationToken(Body):
    token: MailedToken


class Acceptance(Body):
    """`name` and `password` are for who has no account yet; a name is what one goes by in the organisation."""

    token: MailedToken
    name: Name | None = None
    password: Password | None = None


class InvitedView(View):
    """What an invitation asks, and of whom."""

    organization: str
    slug: str = Field(description="What to log in to afterwards, as `tenant`")
    email: str
    roles: list[str]
    has_account: bool = Field(description="Whether it has a confirmed account here already; else choose a password")
