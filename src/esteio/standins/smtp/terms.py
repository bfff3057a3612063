"""What the server asks of those who send, and what can go wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from esteio.standins.faults import NONE, REFUSED

LARGEST = 36_700_160

COMMON: Mapping[str, str] = {
    NONE: "takes every mail",
    REFUSED: "nobody listens on the port: connections are refused, open ones reset",
    "hang": "takes the connection and never greets; with `seconds`, greets after them",
    "slow": "answers each command after `seconds` (1 unless told)",
}
WORDS: Mapping[str, str] = {
    "greeting_421": "greets with 421 and closes",
    "greeting_554": "greets with 554 and closes",
    "no_starttls": "does not offer STARTTLS, nor ask for it",
    "wrong_name": "its certificate is for another name",
    "expired": "its certificate ended yesterday",
    "login_535": "refuses every login",
    "login_454": "cannot check any login now",
    "sender_550": "refuses the sender",
    "rcpt_451": "refuses the recipient for now",
    "rcpt_550": "refuses the recipient for good",
    "data_451": "reads the mail and refuses it for now",
    "data_452": "reads the mail: no room for it",
    "data_552": "reads the mail: it is too large",
    "data_554": "reads the mail and refuses it for good",
    "cut_data": "closes the connection in the middle of the mail",
    "hang_end": "reads the mail and never answers; does not keep it",
    "cut_kept": "keeps the mail, and closes the connection without an answer",
    "hang_kept": "keeps the mail, and never answers",
}
"""The faults of a mail server, in the words of the command line."""
ONCE = frozenset({*COMMON, *WORDS} - {REFUSED})
"""Those that a single connection may have."""

REPLIES: Mapping[str, str] = {
    "greeting_421": "421 4.3.2 Service not available, closing transmission channel",
    "greeting_554": "554 5.7.1 No mail from your address",
    "login_535": "535 5.7.8 Username and password not accepted",
    "login_454": "454 4.7.0 Temporary authentication failure",
    "sender_550": "550 5.7.1 Sender not allowed",
    "rcpt_451": "451 4.7.1 Greylisted, try again later",
    "rcpt_550": "550 5.1.1 No such user here",
    "data_451": "451 4.3.0 Local error in processing",
    "data_452": "452 4.3.1 Insufficient system storage",
    "data_552": "552 5.3.4 Message too big for this system",
    "data_554": "554 5.6.0 Message refused by content",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """tls: from the first byte, by STARTTLS (which is then asked for), or none at all.

    user, password: who may send; without a user anybody may, and every login is good. largest: bytes of a mail.
    """

    tls: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    largest: int = LARGEST
