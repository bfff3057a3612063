"""What the histogram can tell of durations."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from esteio.base.clock import TurnableClock
from esteio.traffic.histogram import CELLS, cell, quantiles
from esteio.traffic.minutes import FIRST
from esteio.traffic.tally import Tally
from tests.traffic.counting import ended

OFF = 2**0.1
"""How far a quantile may be off, as a factor; and a hair for the arithmetic."""

DURATIONS = st.lists(st.floats(0.000011, 580.0), min_size=1, max_size=200)


@given(DURATIONS, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_at_most_so_far_off(durations: list[float], share: float) -> None:
    """A quantile differs from the true one (nearest rank) by at most 7.2 %, whatever was measured."""
    true = sorted(durations)[ceil(len(durations) * share) - 1]
    counted = [cell(seconds) for seconds in durations]
    (told,) = quantiles(counted, [1] * len(counted), [share])
    assert told is not None
    assert true / OFF * 0.999999 <= told <= true * OFF * 1.000001


@given(st.floats(0.0, 1e6))
def test_every_duration_has_a_cell(seconds: float) -> None:
    """The shortest, none at all and the longest are counted too, and as the hot path counts them."""
    assert 0 <= cell(seconds) < CELLS
    tally = Tally(TurnableClock())
    tally.ended(ended(), seconds)
    (row,) = [each.row for each in tally.unwritten()]
    assert row[FIRST + cell(seconds)] == 1 and sum(row[FIRST:]) == 1


def test_nothing_measured_has_no_quantile() -> None:
    """Without a duration there is no quantile, rather than a zero that looks like one."""
    assert quantiles([], []) == [None, None, None]
