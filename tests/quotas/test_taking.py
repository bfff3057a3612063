"""What one transaction takes and gives back, and whose amount it is measured by."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import EsteioError
from esteio.quotas.errors import QuotaExceeded, QuotaSpent
from esteio.quotas.quota import LARGEST, Quota
from esteio.quotas.taking import KEPT_DAYS, give_back, hold, look, set_used, take, take_all
from tests.quotas.conftest import Ledger
from tests.quotas.things import NOON, THINGS, make

EXPORTS = Quota("things.exports", 2, "exports", "day")
OTHERS = Quota("things.others", 5, "others")


class TestTaking:
    def test_exactly_the_amount_is_to_be_had(self, ledger: Ledger) -> None:
        """The last unit can be taken and none after it; each taking tells how one stands."""
        tenant = ledger.tenant()
        seen = [ledger.inside(tenant, lambda session: take(session, THINGS, tenant=tenant, now=NOON)) for _ in range(3)]
        assert [(one.used, one.remaining) for one in seen] == [(1, 2), (2, 1), (3, 0)]
        with pytest.raises(QuotaExceeded):
            ledger.inside(tenant, lambda session: take(session, THINGS, tenant=tenant, now=NOON))
        assert ledger.used(tenant, THINGS) == [3]

    @pytest.mark.parametrize("amount", [4, LARGEST, LARGEST + 1, 10**30])
    def test_all_or_none(self, ledger: Ledger, amount: int) -> None:
        """More than there is takes nothing at all, however much more it is, and the refusal says each number."""
        tenant = ledger.tenant()
        with pytest.raises(QuotaExceeded) as refused:
            ledger.inside(tenant, lambda session: take(session, THINGS, amount, tenant=tenant, now=NOON))
        assert refused.value.data == {
            "name": "things.things",
            "limit": 3,
            "used": 0,
            "remaining": 3,
            "unit": "things",
            "resets_at": None,
            "asked": amount,
        }
        assert ledger.used(tenant, THINGS) == []

    def test_a_rollback_takes_nothing(self, ledger: Ledger) -> None:
        """What is taken stands if and only if the transaction does."""
        tenant = ledger.tenant()

        async def fail(session: AsyncSession) -> None:
            await take(session, THINGS, 2, tenant=tenant, now=NOON)
            raise EsteioError

        with pytest.raises(EsteioError):
            ledger.inside(tenant, fail)
        assert ledger.used(tenant, THINGS) == []

    def test_several_are_taken_all_or_none(self, ledger: Ledger) -> None:
        """Where one of several quotas does not allow it, nothing is taken of the others either."""
        tenant = ledger.tenant()
        with pytest.raises(QuotaExceeded, match=r"things\.others"):
            ledger.inside(tenant, lambda session: take_all(session, {THINGS: 1, OTHERS: 6}, tenant=tenant, now=NOON))
        assert (ledger.used(tenant, THINGS), ledger.used(tenant, OTHERS)) == ([], [])

    def test_nothing_can_be_asked_for_and_less_than_nothing_cannot(self, ledger: Ledger) -> None:
        """Asking for 0 is never refused, not even where more is there than the plan gives; a negative amount is."""
        tenant = ledger.tenant()
        ledger.inside(tenant, lambda session: set_used(session, THINGS, 9, tenant=tenant, now=NOON))
        stands = ledger.inside(tenant, lambda session: take(session, THINGS, 0, tenant=tenant, now=NOON))
        assert (stands.used, stands.limit, stands.remaining) == (9, 3, 0)
        for wrong in (take, give_back):
            with pytest.raises(ValueError, match="not negative"):
                ledger.inside(tenant, lambda session, wrong=wrong: wrong(session, THINGS, -1, tenant=tenant, now=NOON))


class TestGivingBack:
    def test_what_is_given_back_can_be_taken_again(self, ledger: Ledger) -> None:
        """A place that was given back is free at once."""
        tenant = ledger.tenant()
        ledger.inside(tenant, lambda session: take(session, THINGS, 3, tenant=tenant, now=NOON))
        stands = ledger.inside(tenant, lambda session: give_back(session, THINGS, 2, tenant=tenant, now=NOON))
        assert stands.remaining == 2
        assert ledger.inside(tenant, lambda session: take(session, THINGS, 2, tenant=tenant, now=NOON)).remaining == 0

    def test_never_to_below_nothing(self, ledger: Ledger) -> None:
        """Giving back more than is used, or where nothing was ever used, leaves nothing used."""
        tenant = ledger.tenant()
        back = ledger.inside(tenant, lambda session: give_back(session, THINGS, 5, tenant=tenant, now=NOON))
        assert (back.used, ledger.used(tenant, THINGS)) == (0, [])
        ledger.inside(tenant, lambda session: take(session, THINGS, 1, tenant=tenant, now=NOON))
        ledger.inside(tenant, lambda session: give_back(session, THINGS, 10**30, tenant=tenant, now=NOON))
        assert ledger.used(tenant, THINGS) == [0]

    def test_what_a_past_day_used_stays_used(self, ledger: Ledger) -> None:
        """What was taken yesterday is not given back to today; what was taken today is."""
        tenant, yesterday = ledger.tenant(), NOON - timedelta(days=1)
        for now in (yesterday, NOON):
            ledger.inside(tenant, lambda session, now=now: take(session, EXPORTS, tenant=tenant, now=now))
        for taken_at in (yesterday, NOON):
            ledger.inside(
                tenant,
                lambda session, at=taken_at: give_back(session, EXPORTS, tenant=tenant, now=NOON, taken_at=at),
            )
        assert ledger.used(tenant, EXPORTS) == [1, 0]


class TestPeriods:
    def test_a_new_day_is_counted_anew(self, ledger: Ledger) -> None:
        """What a day allows is gone until midnight of UTC, when the next day's is there; the refusal says when."""
        tenant, midnight = ledger.tenant(), NOON + timedelta(hours=12)
        ledger.inside(tenant, lambda session: take(session, EXPORTS, 2, tenant=tenant, now=NOON))
        last = midnight - timedelta(seconds=90)
        with pytest.raises(QuotaSpent) as refused:
            ledger.inside(tenant, lambda session: take(session, EXPORTS, tenant=tenant, now=last))
        assert refused.value.headers["Retry-After"] == "90"
        assert refused.value.data["resets_at"] == midnight
        stands = ledger.inside(tenant, lambda session: take(session, EXPORTS, tenant=tenant, now=midnight))
        assert (stands.used, stands.resets_at) == (1, midnight + timedelta(days=1))
        assert ledger.used(tenant, EXPORTS) == [2, 1]

    def test_days_long_past_are_forgotten(self, ledger: Ledger) -> None:
        """The first taking of a day drops days that lie too far back, of this quota alone; standing ones stay."""
        tenant, later = ledger.tenant(), NOON + timedelta(days=KEPT_DAYS)
        for now in (NOON - timedelta(days=1), NOON, later):
            ledger.inside(
                tenant, lambda session, now=now: take_all(session, {EXPORTS: 1, THINGS: 1}, tenant=tenant, now=now)
            )
        assert (ledger.used(tenant, EXPORTS), ledger.used(tenant, THINGS)) == ([1, 1], [3])


class TestAmounts:
    def test_the_tenants_own_comes_before_the_plans_and_that_before_the_declared(self, ledger: Ledger) -> None:
        """What was agreed with the tenant holds, else what its plan gives, else what is declared."""
        plain, planned = ledger.tenant(), ledger.tenant(ledger.plan(THINGS, 7))
        own = ledger.tenant(ledger.plan(THINGS, 7))
        ledger.sql("INSERT INTO tenant_quotas VALUES ($1, $2, 1)", own, THINGS.name)
        limits = [
            ledger.inside(tenant, lambda session, tenant=tenant: look(session, THINGS, tenant=tenant, now=NOON)).limit
            for tenant in (plain, planned, own)
        ]
        assert limits == [3, 7, 1]

    def test_no_amount_is_no_bound(self, ledger: Ledger) -> None:
        """A plan or a tenant whose row says no amount may take as much as can be counted, and not more."""
        for tenant in (ledger.tenant(ledger.plan(THINGS, None)), own := ledger.tenant()):
            if tenant == own:
                ledger.sql("INSERT INTO tenant_quotas VALUES ($1, $2, NULL)", own, THINGS.name)
            stands = ledger.inside(
                tenant, lambda session, tenant=tenant: take(session, THINGS, LARGEST, tenant=tenant, now=NOON)
            )
            assert (stands.limit, stands.remaining, stands.used) == (None, None, LARGEST)
            with pytest.raises(QuotaExceeded, match="without bound"):
                ledger.inside(tenant, lambda session, tenant=tenant: take(session, THINGS, tenant=tenant, now=NOON))

    def test_a_changed_plan_is_in_force_at_once(self, ledger: Ledger) -> None:
        """The next taking is measured by the new plan, also in a transaction that began before the change."""
        plan = ledger.plan(THINGS, 0)
        tenant = ledger.tenant(plan)

        async def change_meanwhile(session: AsyncSession) -> int:
            with pytest.raises(QuotaExceeded):
                await take(session, THINGS, tenant=tenant, now=NOON)
            await ledger_sql("UPDATE plan_quotas SET amount = 2 WHERE plan = $1", plan)
            return (await take(session, THINGS, 2, tenant=tenant, now=NOON)).used

        async def ledger_sql(statement: str, *values: object) -> None:
            async with ledger.database.connection() as connection:
                await connection.execute(statement, *values)

        assert ledger.inside(tenant, change_meanwhile) == 2
        ledger.sql("UPDATE plan_quotas SET amount = 1 WHERE plan = $1", plan)
        with pytest.raises(QuotaExceeded) as refused:
            ledger.inside(tenant, lambda session: take(session, THINGS, tenant=tenant, now=NOON))
        assert (refused.value.data["limit"], refused.value.data["used"]) == (1, 2)


class TestCounting:
    def test_a_recount_is_what_is_used(self, ledger: Ledger) -> None:
        """A count is put down as it is, be it more than is allowed, and what cannot be counted is refused."""
        tenant = ledger.tenant()
        ledger.inside(tenant, lambda session: make(session, THINGS, 2, tenant))
        for found, remaining in ((1, 2), (8, 0), (0, 3)):
            stands = ledger.inside(
                tenant, lambda session, found=found: set_used(session, THINGS, found, tenant=tenant, now=NOON)
            )
            assert (stands.used, stands.remaining) == (found, remaining)
        for wrong in (-1, LARGEST + 1):
            with pytest.raises(ValueError, match="between 0"):
                ledger.inside(
                    tenant, lambda session, wrong=wrong: set_used(session, THINGS, wrong, tenant=tenant, now=NOON)
                )

    def test_holding_changes_nothing(self, ledger: Ledger) -> None:
        """Whoever holds a quota to count finds it as it was, also where nothing was ever taken."""
        tenant = ledger.tenant()
        assert ledger.inside(tenant, lambda session: hold(session, THINGS, tenant=tenant, now=NOON)).used == 0
        ledger.inside(tenant, lambda session: take(session, THINGS, 2, tenant=tenant, now=NOON))
        assert ledger.inside(tenant, lambda session: hold(session, THINGS, tenant=tenant, now=NOON)).used == 2


def test_tenants_do_not_touch_one_another(ledger: Ledger) -> None:
    """Each tenant has its own count; a transaction of one can neither take of another's nor see what it uses."""
    mine, other = ledger.tenant(), ledger.tenant()
    for tenant in (mine, other):
        ledger.inside(tenant, lambda session, tenant=tenant: take(session, THINGS, 2, tenant=tenant, now=NOON))
    with pytest.raises(Exception, match="row-level security"):
        ledger.inside(mine, lambda session: take(session, OTHERS, tenant=other, now=NOON))
    assert ledger.inside(mine, lambda session: look(session, THINGS, tenant=other, now=NOON)).used == 0
    ledger.inside(mine, lambda session: give_back(session, THINGS, 2, tenant=other, now=NOON))
    assert (ledger.used(mine, THINGS), ledger.used(other, THINGS), ledger.used(other, OTHERS)) == ([2], [2], [])
