"""The rules by which one process judges a party from what it has seen itself."""

from dataclasses import dataclass

AGAIN = 1.0
"""For how many seconds the answer "somebody else is probing" is good."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to send one try. `probe` names the only one that is let through an open circuit; else it is empty."""

    probe: str = ""


class Resting(Exception):
    """The circuit is open: nothing is sent for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"at rest for {seconds:.1f} s")
        self.seconds = seconds


class Circuit:
    """Closed until `failures` tries in a row failed; then nothing passes for `rest` seconds, and after them one probe.

    The probe's success closes the circuit, its failure opens it anew, and one that is not heard of for `lease` seconds
    is replaced. What was sent before the circuit opened decides nothing any more. Instants are those of a monotonic
    clock, in seconds.
    """

    def __init__(self, failures: int, rest: float, lease: float) -> None:
        self.row = 0
        self.until: float | None = None
        self._failures = failures
        self._rest = rest
        self._lease = lease
        self._probe = ""

    @property
    def closed(self) -> bool:
        return self.until is None

    def enter(self, now: float, probe: str) -> Pass:
        """Leave for one try; `probe` is the name that it gets if it is a probe. Raises `Resting`."""
        if self.until is None:
            return Pass()
        if now < self.until:
            raise Resting(self.until - now)
        self.lend(now, probe, self._lease)
        return Pass(probe)

    def lend(self, now: float, probe: str, seconds: float) -> None:
        """Let nobody but this probe pass for so many seconds."""
        self._probe, self.until = probe, now + seconds

    def fail(self, now: float, leave: Pass) -> bool:
        """Count a failure; whether it has opened the circuit."""
        if self.until is not None:
            if not leave.probe or leave.probe != self._probe:
                return False
            self.open(now + self._rest)
            return True
        self.row += 1
        if self.row < self._failures:
            return False
        self.open(now + self._rest)
        return True

    def succeed(self, leave: Pass) -> bool:
        """Count a success; whether it has closed the circuit."""
        if self.until is None:
            self.row = 0
            return False
        if not leave.probe or leave.probe != self._probe:
            return False
        self.close()
        return True

    def leave(self, now: float, leave: Pass) -> None:
        """A try has ended without telling anything: where it was the probe, the next one is let through."""
        if leave.probe and leave.probe == self._probe:
            self._probe, self.until = "", now

    def open(self, until: float) -> None:
        """Let nothing pass before an instant."""
        self._probe = ""
        self.hold(until)

    def hold(self, until: float) -> None:
        """Let nothing more pass before an instant; a probe that is under way still decides."""
        self.row, self.until = 0, until

    def close(self) -> None:
        """Let everything pass."""
        self.row, self._probe, self.until = 0, "", None
