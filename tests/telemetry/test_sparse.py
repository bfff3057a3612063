"""A flood does not drown the log, and nothing of it goes uncounted."""

import structlog
from structlog.testing import capture_logs

from esteio.base.clock import TurnableClock
from esteio.telemetry.sparse import MOST, SparseLog


def test_a_flood_is_a_few_lines_and_a_count() -> None:
    """Of a thousand lines in a second a few are written; the first of the next second says how many were not."""
    clock = TurnableClock()
    with capture_logs() as lines:
        sparse = SparseLog(structlog.stdlib.get_logger(), clock)
        for number in range(1000):
            sparse.info("refused", number=number)
        clock.turn(1)
        sparse.info("refused", number=1000)
        sparse.info("refused", number=1001)
    assert [line["number"] for line in lines] == [*range(MOST), 1000, 1001]
    assert [line.get("left_out") for line in lines] == [None] * MOST + [1000 - MOST, None]
