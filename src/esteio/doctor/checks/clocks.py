"""Whether this machine and the servers agree on the time."""

import ctypes
import sys
from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, warning
from esteio.doctor.patience import NotKnown, words_of
from esteio.doctor.patient import Patient
from esteio.redis.errors import RedisUnavailable

TOLERATED, SEVERE = 1.0, 10.0
_UNSYNCHRONISED = 5
_TIMEX_BYTES = 512


async def clocks(patient: Patient) -> AsyncIterator[Finding]:
    """The difference to each server, less the time that asking took."""
    away: list[str] = []
    for name, ask in (("PostgreSQL", _of_database), ("Redis", _of_redis)):
        try:
            before = patient.clock.timestamp()
            theirs = await ask(patient)
            after = patient.clock.timestamp()
        except NotKnown as reason:
            away.append(str(reason))
            continue
        skew = max(0.0, before - theirs, theirs - after)
        if skew > TOLERATED:
            yield _apart(name, skew)
    if not _synchronised():
        yield warning(
            "The clock of this machine is not synchronised.",
            why="It drifts, and tokens, signatures and limits are judged by the time.",
            fix="Run chrony or systemd-timesyncd.",
        )
    if away:
        raise NotKnown("; ".join(dict.fromkeys(away)))


def _apart(name: str, skew: float) -> Finding:
    tell = error if skew > SEVERE else warning
    return tell(
        f"The clocks of this machine and of {name} are {skew:.1f} s apart.",
        why="Tokens seem expired or not valid yet, schedules fire early or late, signatures are refused.",
        fix="Synchronise both by NTP (chrony, systemd-timesyncd).",
    )


async def _of_database(patient: Patient) -> float:
    rows = await patient.server.rows("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
    return float(rows[0]["now"])


async def _of_redis(patient: Patient) -> float:
    try:
        seconds, micros = await patient.redis.execute("TIME")
    except RedisUnavailable as failure:
        raise NotKnown(f"Redis cannot be reached: {words_of(failure)}") from failure
    return int(seconds) + int(micros) / 1_000_000


def _synchronised() -> bool:
    """What the kernel was told by whoever disciplines its clock; yes where it does not say."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        told: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return True
    return told != _UNSYNCHRONISED
