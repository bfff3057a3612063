"""Any sequence of transactions, against a model that a child could write."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import EsteioError
from esteio.quotas.errors import QuotaExceeded, QuotaSpent
from esteio.quotas.quota import Quota
from esteio.quotas.standing import Standing
from esteio.quotas.taking import give_back, look, set_used, take
from tests.quotas.conftest import Ledger
from tests.quotas.things import NOON

DECLARED = 5
QUOTAS = (Quota("q.here", DECLARED, "things"), Quota("q.daily", DECLARED, "uses", "day"))
ACTS = {"give back": give_back, "set": set_used}

amounts = st.integers(0, 7)
acts = st.tuples(
    st.sampled_from(["take", "take", "take", "give back", "set", "look"]), st.sampled_from(QUOTAS), amounts
)
transactions = st.tuples(st.just("transaction"), st.lists(acts, min_size=1, max_size=4), st.booleans())
bounds = st.tuples(st.just("bound"), st.sampled_from(QUOTAS), st.none() | amounts)
hours = st.tuples(st.just("hours"), st.integers(1, 40))
steps = st.lists(transactions | transactions | bounds | hours, max_size=10)


@dataclass
class Model:
    """What is used by quota and period, and what bounds it."""

    now: datetime = NOON
    used: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    bound: dict[str, int | None] = field(default_factory=lambda: {quota.name: DECLARED for quota in QUOTAS})

    def of(self, quota: Quota) -> int:
        return self.used[quota.name, quota.period(self.now)]

    def put(self, quota: Quota, used: int) -> None:
        self.used[quota.name, quota.period(self.now)] = used

    def allows(self, quota: Quota, amount: int) -> bool:
        bound = self.bound[quota.name]
        return amount == 0 or bound is None or self.of(quota) + amount <= bound

    def act(self, name: str, quota: Quota, amount: int) -> None:
        before = self.of(quota)
        self.put(
            quota, {"take": before + amount, "give back": max(0, before - amount), "set": amount}.get(name, before)
        )


class RolledBackError(EsteioError):
    """The transaction ends without a refusal, and stands all the same not."""


@dataclass
class Trial:
    """A tenant of the database beside the model of it."""

    ledger: Ledger
    tenant: UUID
    model: Model

    def transaction(self, chosen: list[tuple[str, Quota, int]], commits: bool) -> None:
        before = dict(self.model.used)

        async def work(session: AsyncSession) -> None:
            for name, quota, amount in chosen:
                await self._act(session, name, quota, amount)
            if not commits:
                raise RolledBackError

        try:
            self.ledger.inside(self.tenant, work)
        except (QuotaExceeded, QuotaSpent, RolledBackError):
            self.model.used = defaultdict(int, before)

    async def _act(self, session: AsyncSession, name: str, quota: Quota, amount: int) -> None:
        model, tenant = self.model, self.tenant
        if name == "take":
            allowed = model.allows(quota, amount)
            try:
                stands = await take(session, quota, amount, tenant=tenant, now=model.now)
            except (QuotaExceeded, QuotaSpent) as refused:
                assert not allowed
                assert (refused.data["used"], refused.data["asked"]) == (model.of(quota), amount)
                raise
            assert allowed
        elif name == "look":
            stands = await look(session, quota, tenant=tenant, now=model.now)
        else:
            stands = await ACTS[name](session, quota, amount, tenant=tenant, now=model.now)
        model.act(name, quota, amount)
        self.agrees(quota, stands)

    def agrees(self, quota: Quota, stands: Standing) -> None:
        assert (stands.used, stands.limit) == (self.model.of(quota), self.model.bound[quota.name])

    def bound(self, quota: Quota, amount: int | None) -> None:
        self.model.bound[quota.name] = amount
        self.ledger.sql(
            "INSERT INTO tenant_quotas VALUES ($1, $2, $3) ON CONFLICT (tenant_id, quota) DO UPDATE SET amount = $3",
            self.tenant,
            quota.name,
            amount,
        )

    def hours(self, count: int) -> None:
        self.model.now += timedelta(hours=count)


@settings(max_examples=60)
@given(steps)
def test_any_sequence_is_as_the_model_says(ledger: Ledger, given: list[tuple[object, ...]]) -> None:
    """Each taking succeeds if and only if the model allows it, and every standing is the model's."""
    trial = Trial(ledger, ledger.tenant(), Model())
    for kind, *values in given:
        getattr(trial, str(kind))(*values)
    for quota in QUOTAS:
        work = lambda session, quota=quota: look(session, quota, tenant=trial.tenant, now=trial.model.now)  # noqa: E731
        trial.agrees(quota, ledger.inside(trial.tenant, work))
