"""The forms of the credentials of object stores, looked at when the process starts and not at the first file.

What is wrong is said without a character of the credential.
"""

import base64
import binascii
import json
from urllib.parse import parse_qs

from pydantic import SecretStr

_ACCOUNT = ("client_email", "private_key", "private_key_id")


def service_account(key: SecretStr | None) -> SecretStr | None:
    """The JSON key of a Google service account; with `"disable_oauth": true` one for emulators, that proves nothing."""
    if key is None:
        return None
    try:
        told = json.loads(key.get_secret_value())
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ValueError("it is the JSON key of a service account, the text itself and not the path of a file")
    missing = [name for name in _ACCOUNT if not isinstance(told.get(name), str)]
    if missing:
        raise ValueError(f"the JSON key of the service account has no {' and no '.join(missing)}")
    if told.get("disable_oauth") is not True and "PRIVATE KEY-----" not in told["private_key"]:
        raise ValueError("private_key in the JSON key of the service account is not a PEM key")
    return key


def account_key(key: SecretStr | None) -> SecretStr | None:
    """The key of a storage account of Azure."""
    if key is None:
        return None
    try:
        decoded = base64.b64decode(key.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise ValueError("it is a key of the storage account, in base64 as the portal shows it")
    return key


def shared_access(token: SecretStr | None) -> SecretStr | None:
    """A shared access signature of Azure, with or without the question mark that portals put before it."""
    if token is None:
        return None
    plain = token.get_secret_value().removeprefix("?")
    pairs = plain.split("&")
    if not all("=" in pair for pair in pairs) or not parse_qs(plain).get("sig"):
        raise ValueError("it is a shared access signature: percent-encoded pairs such as sv=…&sp=…&sig=…")
    return SecretStr(plain)
