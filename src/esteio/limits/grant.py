"""What Redis answered, turned into instants of this process's own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from esteio.limits.script import HORIZON, STRIDE_OUT

DRIFT = 0.001
"""The most that two machines' clocks are taken to differ in pace; NTP slews by half of it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The server's clock, read somewhere between two instants of this process's monotonic clock.

    However long the answer was on its way, or this process stopped: the server's clock shows `server_us` or more
    once `received` has come, and shows at most what has passed since `sent` beyond it.
    """

    server_us: int
    sent: float
    received: float

    def surely_before(self, server_us: int) -> float:
        """Until this instant the server's clock has certainly not reached `server_us`."""
        return self.sent + (server_us - self.server_us) / 1e6 / (1 + DRIFT)

    def surely_after(self, server_us: int) -> float:
        """From this instant on the server's clock has certainly reached `server_us`."""
        return self.received + max(0.0, (server_us - self.server_us) / 1e6 / (1 - DRIFT))

    def about(self, server_us: int) -> float:
        """When the server's clock should reach `server_us` if both clocks keep pace: for what may be a little early."""
        return self.received + max(0.0, (server_us - self.server_us) / 1e6)


class Slice(NamedTuple):
    """Units pinned to one bucket, and the instants between which they may be used."""

    bucket: int
    start: float
    until: float
    units: int


class Grant(NamedTuple):
    """One policy's part of an answer. `opens_us` is 0 where a request's cost is still free."""

    epoch: int
    present: Slice
    free: int
    next_us: int
    opens_us: int
    ahead: tuple[Slice, ...]


def grants(
    answer: Sequence[int], buckets_us: Sequence[int], sent: float, received: float
) -> tuple[Sighting, list[Grant]]:
    """An answer's parts in the order in which they were asked for."""
    seen = Sighting(answer[0], sent, received)
    rows = (answer[1 + k * STRIDE_OUT :][:STRIDE_OUT] for k in range(len(buckets_us)))
    return seen, [_grant(seen, row, bucket_us) for row, bucket_us in zip(rows, buckets_us, strict=True)]


def _grant(seen: Sighting, row: Sequence[int], bucket_us: int) -> Grant:
    epoch, bucket, granted, free, following, opens, *ahead = row
    return Grant(
        epoch,
        _slice(seen, bucket, granted, bucket_us),
        free,
        (bucket + following) * bucket_us if following else seen.server_us,
        (bucket + opens) * bucket_us if opens else 0,
        tuple(_slice(seen, bucket + 1 + f, ahead[f], bucket_us) for f in range(HORIZON) if ahead[f]),
    )


def _slice(seen: Sighting, bucket: int, units: int, bucket_us: int) -> Slice:
    start, end = bucket * bucket_us, (bucket + 1) * bucket_us
    return Slice(bucket, seen.surely_after(start), seen.surely_before(end), units)
