"""What only pets can refuse."""

from esteio.base.errors import Conflict


class ForbiddenTransition(Conflict):
    code = "PET_STATUS_TRANSITION"
    title = "The pet cannot go from its present status to this one"
    words = "The pet's present status does not allow this change."


class NoLongerRestorable(Conflict):
    code = "PET_NOT_RESTORABLE"
    title = "The pet can no longer be restored"
    words = "A deleted pet can be restored for 30 days; that time is over."
