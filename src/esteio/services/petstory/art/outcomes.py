"""What may become of a picture that was asked for, other than a picture.

None of them has the party's words in it: those may quote the key or what was sent.
"""

from decimal import Decimal

UNREADABLE = "UNREADABLE"


class ArtOutcome(Exception):
    """No picture came; `cost` in US dollars is what was spent nevertheless."""

    def __init__(self, words: str, cost: Decimal = Decimal(0)) -> None:
        super().__init__(words)
        self.cost = cost


class PhotoRefused(ArtOutcome):
    """This photo will not be drawn, however often it is asked: another is needed. `reason` is a stable code."""

    def __init__(self, reason: str, cost: Decimal = Decimal(0)) -> None:
        super().__init__(f"the photo is not drawn: {reason}", cost)
        self.reason = reason


class NoImage(ArtOutcome):
    """An answer without a picture in it; asking again, twice at most, may help. `reason` is a stable code."""

    def __init__(self, reason: str, cost: Decimal = Decimal(0)) -> None:
        super().__init__(f"the answer has no picture: {reason}", cost)
        self.reason = reason


class Busy(ArtOutcome):
    """Nobody answers now; ask again after so many seconds."""

    def __init__(self, after: float, words: str = "the artist is busy", cost: Decimal = Decimal(0)) -> None:
        super().__init__(words, cost)
        self.after = after


class Parked(ArtOutcome):
    """A quota is used up; it makes no sense to ask before so many seconds have passed."""

    def __init__(self, until_seconds: float, words: str = "the artist's quota is used up") -> None:
        super().__init__(words)
        self.until_seconds = until_seconds


class ModelGone(ArtOutcome):
    """The model was withdrawn; another is to be asked."""

    def __init__(self, model: str) -> None:
        super().__init__(f"the model is gone: {model}")
        self.model = model


class NotConfigured(ArtOutcome):
    """The settings do not allow it: no key, a refused key, or no model left. Only the operator can help."""
