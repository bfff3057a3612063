"""What a quota is, when it is counted anew, and how a header says how one stands."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.quotas.quota import LARGEST, STANDING, Quota
from esteio.quotas.standing import field, standing_of

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
STORAGE = Quota("capsules.storage", 1000, "bytes")
EXPORTS = Quota("capsules.exports", 5, "exports", "day")
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"name": "Capsules"}, "a quota's name"),
        ({"name": 'a"b'}, "a quota's name"),
        ({"name": "a" * 65}, "a quota's name"),
        ({"unit": 'by"tes'}, "a unit"),
        ({"unit": ""}, "a unit"),
        ({"amount": -1}, "an amount"),
        ({"amount": LARGEST + 1}, "an amount"),
        ({"every": "week"}, "by the day, the month or not"),
    ],
)
def test_what_is_no_quota_is_refused(members: dict[str, Any], sentence: str) -> None:
    """A name, a unit, an amount or a period that cannot be is refused where it is declared."""
    with pytest.raises(ValueError, match=sentence):
        Quota(**{"name": "things", "amount": 1, "unit": "things", **members})


class TestPeriods:
    def test_what_there_is_has_one_period(self) -> None:
        """A standing quota is never counted anew."""
        assert (STORAGE.period(NOON), STORAGE.resets_at(NOON)) == (STANDING, None)

    @given(MOMENTS)
    def test_a_day_is_a_day_of_utc(self, now: datetime) -> None:
        """A day's period begins at or before the instant and ends less than a day after, at midnight of UTC."""
        end = EXPORTS.resets_at(now)
        assert end is not None
        assert (end.hour, end.minute, end.second, end.microsecond, end.tzinfo) == (0, 0, 0, 0, UTC)
        assert timedelta() < end - now <= timedelta(days=1)
        assert EXPORTS.period(end) == EXPORTS.period(now) + timedelta(days=1) == end.date()

    @given(MOMENTS)
    def test_a_month_is_a_calendar_month(self, now: datetime) -> None:
        """A month's period begins on a first and ends on the next one, however long the month."""
        monthly = Quota("a", 1, "a", "month")
        end = monthly.resets_at(now)
        assert end is not None
        assert (end.day, end.hour) == (1, 0)
        assert monthly.period(now) <= now.date() < end.date() == monthly.period(end)
        assert monthly.period(end - timedelta(seconds=1)) == monthly.period(now)

    def test_an_instant_elsewhere_lies_in_the_day_of_utc(self) -> None:
        """Nine in the evening in São Paulo is the next day's midnight of UTC."""
        evening = datetime(2026, 3, 31, 21, tzinfo=timezone(timedelta(hours=-3)))
        assert EXPORTS.period(evening) == date(2026, 4, 1)


class TestField:
    def test_a_header_says_it_as_a_structured_field(self) -> None:
        """Each quota is a string with integers and its unit (RFC 9651): what bounds it, what is left, when it ends."""
        standings = [standing_of(STORAGE, 1000, 970, NOON), standing_of(EXPORTS, 5, 5, NOON)]
        assert field(standings) == (
            '"capsules.storage";limit=1000;used=970;remaining=30;unit="bytes", '
            '"capsules.exports";limit=5;used=5;remaining=0;reset=43200;unit="exports"'
        )

    def test_what_nothing_bounds_has_no_limit(self) -> None:
        """Without bound there is nothing that could remain, only what is used."""
        assert field([standing_of(STORAGE, None, 7, NOON)]) == '"capsules.storage";used=7;unit="bytes"'

    def test_a_smaller_plan_leaves_nothing(self) -> None:
        """Who has more than the plan gives is told so, and that nothing remains."""
        stands = standing_of(STORAGE, 10, 15, NOON)
        assert (stands.limit, stands.used, stands.remaining) == (10, 15, 0)

    def test_a_reset_is_never_zero_seconds_away(self) -> None:
        """In the last moments of a period one is told to wait a second, not none."""
        last = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        assert standing_of(EXPORTS, 5, 5, last).seconds == 1
