"""What a client is known by: a public id and a secret, both random, and what is kept of the secret."""

import re

from esteio.base.crypto import Keyring
from esteio.base.ids import random_base62

CLIENT = "est_client_"
SECRET = "est_secret_"  # noqa: S105 - a prefix
PURPOSE = "oauth-client-secret"
_CLIENT_RANDOM = 20
_SECRET_RANDOM = 43
_CLIENT_SHAPE = re.compile(rf"{CLIENT}[0-9A-Za-z]{{{_CLIENT_RANDOM}}}\Z")


def make_client_id() -> str:
    """A public name of a client."""
    return CLIENT + random_base62(_CLIENT_RANDOM)


def make_secret() -> str:
    """A secret with 256 bits of entropy: nobody guesses it, so its digest needs no slow hash."""
    return SECRET + random_base62(_SECRET_RANDOM)


def digest_of(keyring: Keyring, client_id: str, secret: str) -> bytes:
    """What is stored and looked for. It covers both, so an unknown client and a wrong secret are the same miss."""
    return keyring.digest(PURPOSE, f"{client_id}\0{secret}".encode("utf-8", "surrogatepass"))


def loggable(client_id: str) -> str:
    """What may be logged of a client id: one that has not the shape of one may be a secret in the wrong place."""
    return client_id if _CLIENT_SHAPE.match(client_id) else "***"
