"""Telling other servers what became true, and being told: signed, logged, retried, replayable."""
