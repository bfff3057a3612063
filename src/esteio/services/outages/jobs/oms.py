"""Reading the outage management system: all that it says is taken over in one transaction, or nothing."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.principal import Principal
from esteio.jobs.run import Run
from esteio.services.outages.ledger import Reported
from esteio.services.outages.models import OmsMark
from esteio.services.outages.oms.age import bad_rows, last_read, readings
from esteio.services.outages.oms.answer import Answer
from esteio.services.outages.oms.connection import read
from esteio.services.outages.oms.question import EVER, OmsDoubted, OmsUnread, Question, question_of
from esteio.services.outages.schemas import Report
from esteio.services.outages.settings import OutagesSettings
from esteio.services.outages.shares import universe_of
from esteio.services.outages.tasks import OmsRead, ReadOrder, reconciling
from esteio.services.outages.use_cases import reading
from esteio.services.outages.use_cases.reporting import report
from esteio.telemetry.logs import log

WRITTEN_WITHIN = 60.0


async def read_oms(run: Run, order: ReadOrder) -> OmsRead:
    """One reading. Whatever goes wrong, what is known stays as it was, and the next minute tries again."""
    try:
        result = await _read(run, order)
    except OmsUnread as error:
        readings().labels(error.outcome).inc()
        log("esteio.outages").error("oms.not_read", outcome=error.outcome, cause=error.operator)
        raise
    readings().labels("read").inc()
    return result


async def _read(run: Run, order: ReadOrder) -> OmsRead:
    section: OutagesSettings = run.settings.services["outages"]
    question = question_of(section.oms_query, section.oms_zone)
    async with run.transaction() as session:
        mark, universe = await reading.mark_of(session), await universe_of(session)
    began = run.clock.now()
    whole = order.whole or not question.incremental or _is_due(mark, section.oms_zone, began)
    since = EVER if whole or mark is None else mark.read_until - timedelta(seconds=section.oms_overlap)
    answer = await _asked(section, question, since)
    reports = await asyncio.to_thread(answer.reports, universe, began)
    _tell_of_bad(answer)
    return await _take_over(run, answer, reports, began, whole=whole)


def _is_due(mark: OmsMark | None, zone: str, now: datetime) -> bool:
    """Whether no reading has been compared whole since the last time at which one should be."""
    return mark is None or mark.reconciled_at is None or mark.reconciled_at < reconciling(zone).due(now)


async def _asked(section: OutagesSettings, question: Question, since: datetime) -> Answer:
    answer = Answer(question.zone)
    address = section.oms_url.get_secret_value()
    await read(address, question.statement, question.values(since), within=section.oms_timeout, take=answer.take)
    return answer


def _tell_of_bad(answer: Answer) -> None:
    for trouble in answer.troubles:
        log("esteio.outages").warning("oms.bad_row", outage=trouble.external_id, why=trouble.why)
    if answer.bad:
        log("esteio.outages").warning("oms.bad_rows", rows=answer.bad, outages=len(answer.spared))
        bad_rows().inc(answer.bad)


async def _take_over(run: Run, answer: Answer, reports: Sequence[Report], began: datetime, *, whole: bool) -> OmsRead:
    async with run.transaction(budget=WRITTEN_WITHIN) as session:
        closing = await reading.closing(session, answer.mentioned) if whole else reading.NOTHING
        doubted = closing.doubtful and not reading.believed(await reading.mark_of(session), began)
        if doubted:
            await reading.doubt(session, run.tenant, began)
        else:
            written = await _report(run, session, [*reports, *closing.reports])
            await reading.follow(session, reports, closing.gone)
            await reading.remember(session, run.tenant, began, whole=whole)
    if doubted:
        raise OmsDoubted(operator=f"{len(closing.reports)} of {closing.open} open outages would end at once")
    last_read().set(began.timestamp())
    return OmsRead(
        whole=whole,
        rows=answer.rows,
        bad=answer.bad,
        outages=len(reports),
        created=len(written.created),
        changed=len(written.changed) - len(closing.reports),
        closed=len(closing.reports),
    )


async def _report(run: Run, session: AsyncSession, reports: Sequence[Report]) -> Reported:
    caller = Principal(id=run.principal, tenant=run.tenant, proof="token")
    return await report(caller=caller, session=session, clock=run.clock, source="oms", reports=reports)
