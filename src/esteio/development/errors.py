"""How what is played can fail those who look at it."""

from esteio.base.errors import Conflict, Unavailable


class StandInSilent(Unavailable):
    """Nobody plays the party, or who does gave no answer in time."""

    code = "STAND_IN_SILENT"
    title = "The stand-in does not answer"
    words = "The stand-in does not answer: see whether esteio up still runs, and what its log says."


class StandInRefused(Conflict):
    """The stand-in will not do this now; its words say why."""

    code = "STAND_IN_REFUSED"
    title = "The stand-in refuses this"
    words = "The stand-in refuses this as things are."
