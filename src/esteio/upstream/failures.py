"""What comes of a call that brought no answer."""


class CallFailed(Exception):
    """`words` say what happened, without anything of the answer or of where the name leads."""

    words = "The call failed."

    def __init__(self, operator: str = "") -> None:
        super().__init__(operator or self.words)


class AddressRefused(CallFailed):
    words = "The address leads to a network that is not public."


class NameUnresolved(CallFailed):
    words = "The host's name could not be resolved."


class Unreachable(CallFailed):
    words = "No connection could be made."


class TookTooLong(CallFailed):
    words = "There was no whole answer in time."


class Broken(CallFailed):
    words = "The connection ended, or what came was no HTTP answer."


class HandshakeFailed(CallFailed):
    words = "The TLS handshake failed: the certificate must be valid for the host's name."


class TooLarge(CallFailed):
    words = "The answer was larger than is read."


class Encoded(CallFailed):
    words = "The answer came compressed although none was asked for."


class Failing(CallFailed):
    """`after` is for how many seconds the party wants to be left alone, where it says so."""

    words = "The other side answered that it cannot serve."

    def __init__(self, status: int, after: float | None) -> None:
        super().__init__(f"it answered {status}")
        self.status = status
        self.after = after
