"""What a client sends: its parameters, form-encoded, and how it says who it is."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from esteio.auth.oauth.errors import InvalidClient, InvalidRequest

FORM = b"application/x-www-form-urlencoded"
MAX_PARAMETERS = 30


@dataclass(frozen=True, slots=True)
class Presented:
    """The client as it names itself, not proved yet."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return "Presented(…)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of one of the endpoints: who the client says it is, what it sent, and from where."""

    shown: Presented
    sent: Mapping[str, str]
    address: str

    def need(self, name: str) -> str:
        """A parameter that has to be there. Raises `InvalidRequest`."""
        if name not in self.sent:
            raise InvalidRequest(f"{name} is missing.")
        return self.sent[name]


def parameters(content_type: bytes, query: bytes, body: bytes) -> dict[str, str]:
    """The parameters of a body; those without a value count as left out (RFC 6749, section 3.2).

    Raises `InvalidRequest` for another type, for a parameter that comes twice or stands in the address.
    """
    if query:
        raise InvalidRequest("Parameters belong in the body, never in the address, which others keep.")
    if content_type.partition(b";")[0].strip().lower() != FORM:
        raise InvalidRequest("Send the body as application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest("The body is no form in UTF-8 of at most 30 parameters.") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidRequest("A parameter comes more than once.")
    return {name: value for name, value in found.items() if value}


def presented(authorization: bytes | None, sent: Mapping[str, str]) -> Presented:
    """The client and its secret, from the header (`client_secret_basic`) or the body (`client_secret_post`).

    Raises `InvalidClient` where neither is there or readable, `InvalidRequest` where both are.
    """
    if authorization is not None:
        found = _basic(authorization)
        if "client_secret" in sent or sent.get("client_id", found.client_id) != found.client_id:
            raise InvalidRequest("The client names itself twice: in Authorization and in the body.")
        return found
    if "client_id" not in sent or "client_secret" not in sent:
        raise InvalidClient("Send client id and secret, by HTTP Basic or as client_id and client_secret in the body.")
    return Presented(sent["client_id"], sent["client_secret"])


def _basic(authorization: bytes) -> Presented:
    """HTTP Basic whose two halves were form-encoded before (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = authorization.partition(b" ")
    try:
        if scheme.lower() != b"basic":
            raise ValueError("another scheme")
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
        if not colon:
            raise ValueError("no secret")
        return Presented(unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict"))
    except (ValueError, binascii.Error) as error:
        raise InvalidClient("Authorization holds no HTTP Basic credentials of a client.") from error
