"""The garbage collector around the start of a process: what is imported and made then stays as long as the process."""

import gc

_USUAL = gc.get_threshold()
_WHILE_STARTING = 50_000


def starting() -> None:
    """Let the collector look seldom: going through what is being imported again and again costs a sixth of a start."""
    gc.set_threshold(_WHILE_STARTING, *_USUAL[1:])


def started() -> None:
    """Look as usual, and never again at what is there by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_USUAL)
