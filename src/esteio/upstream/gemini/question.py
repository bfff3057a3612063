"""What a model is asked, on which terms, and how it comes to no answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

Reason = Literal["off", "refused", "cut", "limited", "failed"]


@dataclass(frozen=True, slots=True)
class Model:
    """A text model of the API at `url`. One answer takes at most `timeout` seconds, `tokens` tokens, `largest` bytes.

    The bytes are those of the HTTP body. Where the key is empty nobody is asked.
    """

    key: SecretStr
    url: str
    name: str
    timeout: float
    tokens: int
    largest: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Question:
    """`instruction` is the house's own word; strangers' words stand in `message`, marked as data.

    `schema` is the form of the answer, in Gemini's terms.
    """

    instruction: str
    message: str
    schema: Mapping[str, Any]


class Unanswered(Exception):
    """No answer came. `retry_after`: seconds, where the other side named a time. Has neither key nor question in it.

    off: there is no key. refused: this question, or this key, gets no answer. cut: the answer is too long, or ended
    early. limited: a quota is used up. failed: anything else, which may be otherwise the next time.
    """

    def __init__(self, reason: Reason, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
