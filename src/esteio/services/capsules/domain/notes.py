"""Why the template stands alone where the model was to write on top of it: the codes that versions have as `note`."""

from typing import Literal

Note = Literal[
    "NO_DOMAIN_FOR_LANGUAGE",
    "NO_SANDBOX",
    "MODEL_OFF",
    "MODEL_REFUSED",
    "MODEL_LIMITED",
    "MODEL_UNAVAILABLE",
    "NOT_READ",
    "NOT_PARSED",
    "FORBIDDEN_IMPORT",
    "FORBIDDEN_NAME",
    "NO_TESTS",
    "TESTS_FAILED",
    "TRIAL_TIMED_OUT",
]


class NotTaken(Exception):
    """The model's work is not taken. `words` say why to the model, which may mend it once."""

    def __init__(self, note: Note, words: str = "") -> None:
        super().__init__(note)
        self.note = note
        self.words = words
