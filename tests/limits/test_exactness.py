"""Real processes hammer one limit at once: never too many, hardly ever asking, whatever stops on the way."""

import os
import signal
import time

import pytest

from tests.limits.crowd import Crowd, Outcome, fullest
from tests.redis.valkey_process import ValkeyProcess, until

WINDOW = 1.0
DEADLINE = 0.25
"""What a process gives Redis where Redis fails. Where it does not, a busy machine may be slow: then it is `PATIENT`."""
PATIENT = 2.0
WITHIN = 5.0
"""Seconds that no call takes, whatever Redis does: its deadline, on a machine that is busy with others."""


def policy(quota: int, name: str = "burst", **more: object) -> dict[str, object]:
    return {"name": name, "quota": quota, "window": WINDOW, **more}


def crowd(valkey: ValkeyProcess, *policies: dict[str, object], processes: int = 8, **more: object) -> Crowd:
    usual = {"url": valkey.url, "policies": policies, "seconds": 3.5, "pause": 0.004, "deadline": PATIENT}
    return Crowd(processes, **(usual | more))


def run(valkey: ValkeyProcess, *policies: dict[str, object], **more: object) -> Outcome:
    with crowd(valkey, *policies, **more) as members:
        members.go()
        outcome = members.outcome()
    assert outcome.count("errors") == 0
    return outcome


def moment(seconds: float) -> None:
    """Let the run go on for so long: its length is what is being measured."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, seconds + 5)


def test_eight_processes_never_admit_more_than_the_quota_and_hardly_ask(valkey: ValkeyProcess):
    """Hammered, no interval of a window's length holds more than the quota; at least 85 % of it is used; ten or more
    requests are admitted for each round trip."""
    quota = 1000
    outcome = run(valkey, policy(quota, fail="closed"))
    admitted = outcome.admitted
    assert fullest(admitted, WINDOW) <= quota
    assert len(admitted) >= 0.85 * quota * 3.5
    assert outcome.total("round_trips") <= 0.1 * len(admitted)
    assert outcome.total("refused") > len(admitted)


def test_a_steady_load_below_the_quota_is_admitted_whole_and_hardly_asks(valkey: ValkeyProcess):
    """At 80 % of the quota, spread over eight processes, nobody is refused and round trips stay within a tenth."""
    outcome = run(valkey, policy(1000, fail="closed"), pause=0.02)
    assert outcome.total("refused") == 0
    assert outcome.total("unavailable") == 0
    assert outcome.total("round_trips") <= 0.1 * len(outcome.admitted)


def test_a_small_quota_is_fully_usable_by_eight_processes(valkey: ValkeyProcess):
    """Ten a window are ten a window, not eight and not eleven, when eight processes share them."""
    outcome = run(valkey, policy(10, fail="closed"), seconds=2.3)
    assert fullest(outcome.admitted, WINDOW) == 10
    assert len(outcome.admitted) >= 20


def test_a_stopped_and_continued_process_admits_nothing_that_has_lapsed(valkey: ValkeyProcess):
    """Processes stopped for longer than a bucket, again and again, with units in hand, never make the sum too much.

    Nor do they blame Redis for their own absence, and the others go on being admitted.
    """
    quota = 400
    with crowd(valkey, policy(quota, fail="closed"), processes=4, pause=0.01, seconds=3.4) as members:
        members.go()
        for k in range(8):
            frozen = members.members[k % 2]
            os.kill(frozen.pid, signal.SIGSTOP)
            moment(0.25)
            os.kill(frozen.pid, signal.SIGCONT)
            moment(0.12)
        outcome = members.outcome()
    assert outcome.count("errors") == 0
    assert outcome.total("unavailable") == 0
    assert fullest(outcome.admitted, WINDOW) <= quota
    assert len(outcome.admitted) > quota


@pytest.mark.parametrize("way", ["silence", "stop"])
def test_without_redis_open_policies_admit_a_share_and_nothing_fails(valkey: ValkeyProcess, way: str):
    """Redis silent or gone mid-run: no error, no wait past the deadline, each process admits its share at most."""
    quota = 400
    with crowd(valkey, policy(quota), processes=4, seconds=3.0, deadline=DEADLINE) as members:
        members.go()
        moment(1.0)
        getattr(valkey, way)()
        outcome = members.outcome()
    assert outcome.count("errors") == 0
    assert outcome.total("unavailable") == 0
    assert outcome.longest < WITHIN
    assert fullest(outcome.admitted, WINDOW) <= quota
    for report in outcome.reports:
        assert len(report["approximate"]) > 0
        assert fullest(sorted(report["approximate"]), WINDOW) <= quota // 4


@pytest.mark.parametrize("way", ["silence", "stop"])
def test_without_redis_closed_policies_answer_503_at_once(valkey: ValkeyProcess, way: str):
    """Redis silent or gone mid-run: everything becomes Unavailable within the deadline, nothing is admitted blindly."""
    with crowd(valkey, policy(400, fail="closed"), processes=4, seconds=3.0, deadline=DEADLINE) as members:
        members.go()
        moment(0.6)
        getattr(valkey, way)()
        outcome = members.outcome()
    assert outcome.count("errors") == 0
    assert outcome.count("approximate") == 0
    assert outcome.total("unavailable") > 100
    assert outcome.longest < WITHIN


def test_a_redis_that_returns_empty_is_used_again(valkey: ValkeyProcess):
    """After a restart without data every process is exact again within seconds, and stays so."""
    with crowd(valkey, policy(400), processes=4, seconds=6.0, pause=0.01) as members:
        members.go()
        moment(0.6)
        valkey.stop()
        moment(0.5)
        valkey.start()
        returned = time.monotonic()
        outcome = members.outcome()
    assert outcome.count("errors") == 0
    for report in outcome.reports:
        assert report["approximate"]
        assert max(report["approximate"]) < returned + 3.0 < max(report["admitted"])
