"""How the OAuth endpoints refuse. `oauth` is the word of RFC 6749, section 5.2, that the refusal goes by there."""

from typing import ClassVar

from esteio.base.errors import BadRequest, Unauthenticated

CHALLENGE = {"WWW-Authenticate": 'Basic realm="esteio", charset="UTF-8"'}


class InvalidRequest(BadRequest):
    code = "OAUTH_INVALID_REQUEST"
    oauth: ClassVar[str] = "invalid_request"
    title = "The OAuth request is malformed"
    words = "Send the parameters once each, form-encoded, in the body."


class InvalidClient(Unauthenticated):
    code = "OAUTH_INVALID_CLIENT"
    oauth: ClassVar[str] = "invalid_client"
    title = "The client is not authenticated"
    words = "The client is unknown, its secret is wrong, or it may not be used any more."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers=CHALLENGE)


class UnauthorizedClient(BadRequest):
    code = "OAUTH_UNAUTHORIZED_CLIENT"
    oauth: ClassVar[str] = "unauthorized_client"
    title = "The client may not do this"
    words = "The client may not be used from this address."


class UnsupportedGrant(BadRequest):
    code = "OAUTH_UNSUPPORTED_GRANT_TYPE"
    oauth: ClassVar[str] = "unsupported_grant_type"
    title = "The grant is not supported"
    words = "grant_type has to be client_credentials."


class InvalidScope(BadRequest):
    code = "OAUTH_INVALID_SCOPE"
    oauth: ClassVar[str] = "invalid_scope"
    title = "The scope is more than the client holds"
    words = "Name permissions of the client, separated by single spaces, or no scope for all of them."


OAUTH_ERRORS = (InvalidRequest, InvalidClient, UnauthorizedClient, UnsupportedGrant, InvalidScope)
