"""Everything that a request of one caller on one kind of route must be paid from."""

from typing import Final

from esteio.limits.identity import Identity
from esteio.limits.slot import Slot
from esteio.limits.tally import Admissions


class Account:
    """The slots of one identity under a list of policies. Bound once, kept as long as one likes, used by each request.

    An account of a policy that was replaced since renews itself at its next use.
    """

    __slots__ = ("admissions", "frames", "names", "shown", "slots", "who")

    def __init__(
        self,
        names: tuple[str, ...],
        who: Identity,
        slots: tuple[Slot, ...],
        admissions: Admissions | None = None,
    ) -> None:
        self.names: Final = names
        self.who: Final = who
        self.admissions: Final = admissions or Admissions()
        self.hold(slots)

    def hold(self, slots: tuple[Slot, ...]) -> None:
        """Pay from these slots from now on. Callers are told of the enforced ones only."""
        self.slots = slots
        self.shown = tuple(slot for slot in slots if slot.enforced)
        self.frames: object = None
