"""Ways in which senders sign what they send here. Each looks at the raw body, before anything parses it."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol

from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.signing import TOLERANCE, decoded, is_fresh, is_signed, signed_content

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came in: header fields in lower case, the parameters of the address, the exact body.

    A parameter that came more than once is not in `query`: what is ambiguous proves nothing.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)


class Scheme(Protocol):
    """How one kind of sender proves itself."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Header fields that belong to the proof, in lower case; they are kept with what was received."""
        ...

    def verify(self, arrival: Arrival, secrets: Sequence[str], now: float) -> str:
        """The id by which the sender knows the message. Raises `InvalidSignature`, whatever is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Standard Webhooks 1.0.0; secrets are `whsec_…`, or `whpk_…` for senders who sign with Ed25519."""

    tolerance: float = TOLERANCE

    @property
    def headers(self) -> tuple[str, ...]:
        return "webhook-id", "webhook-timestamp"

    def verify(self, arrival: Arrival, secrets: Sequence[str], now: float) -> str:
        headers = arrival.headers
        message = known_id(headers.get("webhook-id"))
        timestamp = headers.get("webhook-timestamp", "")
        content = signed_content(message, timestamp, arrival.body)
        if not is_signed(headers.get("webhook-signature", ""), content, secrets):
            raise InvalidSignature(operator="no signature holds")
        if not is_fresh(timestamp, now, self.tolerance):
            raise InvalidSignature(operator="the timestamp is too far from now")
        return message


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericHmac:
    """An HMAC of the body in a header field, as many senders do it each in their own way.

    header: where the signature is; prefix: what stands before it (`sha256=`). template: what is signed, of
    `{timestamp}`, `{id}` and `{body}`. timestamp_header: epoch seconds, which the template should sign; without one an
    old message is as good as a new one, and only its id tells it from one that came before. id_header: the sender's
    id; without one the body's own digest stands for it, so that equal bodies are one message.
    """

    header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    template: str = "{body}"
    timestamp_header: str | None = None
    id_header: str | None = None
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        if "{body}" not in self.template:
            raise ValueError("the template signs the {body}")
        if ("{timestamp}" in self.template) != (self.timestamp_header is not None):
            raise ValueError("a timestamp that is looked at is signed, and one that is signed is looked at")
        if "{id}" in self.template and self.id_header is None:
            raise ValueError("an {id} that is signed has a header")

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(name.lower() for name in (self.timestamp_header, self.id_header) if name)

    def verify(self, arrival: Arrival, secrets: Sequence[str], now: float) -> str:
        headers, body = arrival.headers, arrival.body
        message = known_id(headers.get(self.id_header.lower())) if self.id_header else sha256(body).hexdigest()
        timestamp = headers.get(self.timestamp_header.lower(), "") if self.timestamp_header else ""
        content = self._content(timestamp, message, body)
        claimed = self._claimed(headers.get(self.header.lower(), ""))
        held = False
        for secret in secrets:
            held |= hmac.compare_digest(claimed, hmac.digest(secret.encode(), content, self.algorithm))
        if not held:
            raise InvalidSignature(operator="no signature holds")
        if self.timestamp_header and not is_fresh(timestamp, now, self.tolerance):
            raise InvalidSignature(operator="the timestamp is too far from now")
        return message

    def _content(self, timestamp: str, message: str, body: bytes) -> bytes:
        before, _, after = self.template.partition("{body}")
        filled = [part.replace("{timestamp}", timestamp).replace("{id}", message) for part in (before, after)]
        return filled[0].encode() + body + filled[1].encode()

    def _claimed(self, text: str) -> bytes:
        if not text.startswith(self.prefix):
            return b""
        try:
            bare = text.removeprefix(self.prefix)
            return bytes.fromhex(bare) if self.encoding == "hex" else decoded(bare)
        except ValueError:
            return b""


def known_id(text: str | None) -> str:
    """A sender's id: 1 to 255 visible ASCII characters. Raises `InvalidSignature`."""
    if not text or len(text) > LONGEST_ID or not text.isascii() or not text.isprintable():
        raise InvalidSignature(operator="the id is missing or unusable")
    return text
