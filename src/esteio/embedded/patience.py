"""Waiting for a condition, never longer than told."""

from __future__ import annotations

import time
from collections.abc import Callable

Pause = Callable[[float], None]
"""Waits up to so many seconds; may return early, and may raise to abandon the wait."""

GLANCE = 0.01


def until(condition: Callable[[], bool], seconds: float, pause: Pause = time.sleep, glance: float = GLANCE) -> bool:
    """Whether the condition came true within so many seconds, looked at every `glance` seconds.

    What `pause` raises passes through.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        pause(min(glance, left))
    return True
