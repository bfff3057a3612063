"""P9: jobs that do nothing, durable ones of Esteio against plain Celery on the same broker.

A producer process enqueues, one worker process runs, both at once: the time counts from before the first job is
enqueued to after the last has ended. The CPU is that of all processes that have to do with it, the engines' too.
"""

import math
from contextlib import ExitStack

from bench import job_services, plain_jobs, workshop
from bench.durable_jobs import Durable
from bench.house import House
from bench.pace import Pace, Way, take
from bench.plain_jobs import Plain
from bench.points import Point
from bench.report import Line, at_least

JOBS, FEW = 5_000, 500
BATCH = 100
BAR = 0.7
DATABASE, REDIS_DB = "bench_jobs", 10
SERVICES = "bench.job_services:SERVICES"


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """Jobs a second, enqueued one by one and together, beside Celery's two usual pools; growth with the backlog."""
    engines = house.engines
    workshop.prepare(engines, DATABASE, job_services.SERVICES)
    with ExitStack() as stack:
        opened = stack.enter_context(workshop.opened(engines, DATABASE, REDIS_DB, SERVICES))
        threads, prefork = (stack.enter_context(plain_jobs.running(engines, pool)) for pool in plain_jobs.POOLS)
        ways: dict[str, Way] = {
            "plain": Plain(engines, threads, JOBS),
            "prefork": Plain(engines, prefork, JOBS),
            "single": Durable(engines, opened, "bench.nothing", JOBS, 1),
            "batched": Durable(engines, opened, "bench.nothing", JOBS, BATCH),
            "shown": Durable(engines, opened, "bench.shown", JOBS, 1),
            "few": Durable(engines, opened, "bench.nothing", FEW, FEW),
            "many": Durable(engines, opened, "bench.nothing", JOBS, JOBS),
        }
        # As PostgreSQL does it itself within a minute or two: before, it plans for the empty tables that it met.
        return _lines(take(ways, engines, times, lambda: engines.psql("VACUUM ANALYZE", DATABASE)))


def _lines(paces: dict[str, Pace]) -> list[Line]:
    plain, few, many = paces["plain"], paces["few"], paces["many"]
    exponent = math.log(many.all_us() / few.all_us()) / math.log(JOBS / FEW)
    growth = f"{few.all_us():.0f} → {many.all_us():.0f} µs of CPU a job"
    return [
        _line("durable jobs that do nothing, each in a transaction", paces["single"], plain, BAR),
        _line(f"the same, {BATCH} in a transaction", paces["batched"], plain, BAR),
        _line("the same as tasks of the API", paces["shown"], plain),
        _line("durable jobs, against Celery's prefork pool", paces["single"], paces["prefork"]),
        Line("P9", f"jobs waiting {FEW} → {JOBS}", growth, ratio=f"exponent {exponent:.2f}"),
    ]


def _line(what: str, ours: Pace, plain: Pace, bar: float | None = None) -> Line:
    ratio = ours.jobs_a_second() / plain.jobs_a_second()
    words, met = ("", "") if bar is None else (f"≥ {bar}", at_least(ratio, bar))
    return Line("P9", what, ours.words(), ours.engines_words(), f"celery {plain.words()}", f"{ratio:.3f}", words, met)
