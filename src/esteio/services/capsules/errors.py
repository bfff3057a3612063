"""What only capsules can refuse."""

from collections.abc import Sequence

from esteio.base.errors import Conflict, FieldError, Invalid, PayloadTooLarge

FIELD = "tech_stack"


class UnknownTechnology(Invalid):
    code = "UNKNOWN_TECHNOLOGY"
    title = "The stack names a technology that is not known here"
    words = "The stack names a technology that is not known here."

    @classmethod
    def of(cls, unknown: Sequence[tuple[int, str]], known: Sequence[str]) -> "UnknownTechnology":
        """A refusal of entries by their place in `tech_stack`; each says what is known."""
        listed = ", ".join(known)
        errors = [
            FieldError(cls.code, f"{name} is not known here. Known are: {listed}.", f"{FIELD}.{at}", f"#/{FIELD}/{at}")
            for at, name in unknown
        ]
        names = ", ".join(name for _, name in unknown)
        return cls(f"Not known here: {names}. Known are: {listed}.", errors=errors)


class StackConflict(Invalid):
    code = "STACK_CONFLICT"
    title = "The technologies of the stack do not go together"
    words = "The technologies of the stack do not go together."

    @classmethod
    def of(cls, message: str) -> "StackConflict":
        """A refusal of the stack as a whole; the message says what to change."""
        return cls(message, errors=[FieldError(cls.code, message, FIELD, f"#/{FIELD}")])


class CapsuleBusy(Conflict):
    code = "CAPSULE_BUSY"
    title = "The capsule is being made"
    words = "A job makes the capsule at the moment: change it when the job has ended."


class CapsuleNotReady(Conflict):
    code = "CAPSULE_NOT_READY"
    title = "The capsule has no files yet"
    words = "The capsule has no version yet: wait for its job, or make it anew where that has failed."


class NoLongerRestorable(Conflict):
    code = "CAPSULE_NOT_RESTORABLE"
    title = "The capsule can no longer be restored"
    words = "A deleted capsule can be restored for a time; that time is over."


class TooManyVersions(Conflict):
    code = "TOO_MANY_VERSIONS"
    title = "The capsule has as many versions as it may have"
    words = "The capsule has as many versions as it may have: make a new capsule from it."


class CapsuleTooLarge(PayloadTooLarge):
    code = "CAPSULE_TOO_LARGE"
    title = "The capsule would be larger than it may be"
    words = "The capsule would be larger than it may be."


class PathClash(Conflict):
    code = "PATH_CLASH"
    title = "Two files of the capsule would be in one another's place"
    words = "A file would take the place of another: of a folder, or of one whose name differs in case only."
