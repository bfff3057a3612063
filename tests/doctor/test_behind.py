"""The doctor of a deployment with more than one server of a kind: a pooler, replicas, Sentinels, a Cluster."""

from collections.abc import Iterator

import pytest

from esteio.doctor import Habits, Verdict
from tests.db.pooling import logging_in, needed, pooler
from tests.db.streaming import Standby, standby
from tests.doctor.patient import Sound
from tests.house import eventually
from tests.redis.topologies import clustered, watched

SHORT = Habits(patience=3.0)
OF_REDIS = ("redis", "redis-memory", "redis-disk", "clocks", "broker")


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(finding.severity, finding.variable) for finding in verdict.findings]


@needed
def test_behind_a_pooler(sound: Sound) -> None:
    """Through PgBouncer all is seen that is seen without it; a wrong role, address or PgBouncer is told."""
    direct = sound.database_url
    with pooler(direct) as bouncer:
        given = bouncer.settings(direct)
        unfit = sound.asked(("pooler",), **bouncer.settings(direct, role="esteio"))["pooler"]
        assert told(unfit) == [("error", "ESTEIO_DATABASE__POOLER")]
        assert "ALTER ROLE esteio_runtime" in unfit.findings[0].fix
        with logging_in(direct):
            assert told(sound.asked(("pooler",), **given)["pooler"]) == [("error", "ESTEIO_DATABASE__POOLER")]
            given |= {"DATABASE__STATEMENT_TIMEOUT": "20", "DATABASE__LOCK_TIMEOUT": "20"}
            seen = sound.examined(**given)
            assert {verdict.unknown for verdict in seen.verdicts} == {""}
            assert [finding for _, finding in seen.findings if finding.severity == "error"] == []
            circle = given | {"DATABASE__DIRECT_URL": given["DATABASE__URL"]}
            assert ("error", "ESTEIO_DATABASE__DIRECT_URL") in told(sound.asked(("pooler",), **circle)["pooler"])
    alone = sound.asked(("pooler", "database"), **given)
    assert told(alone["pooler"]) == [("error", "ESTEIO_DATABASE__URL")]
    assert (told(alone["database"]), alone["database"].unknown) == ([], "")


@pytest.fixture(scope="module")
def replica(sound: Sound) -> Iterator[Standby]:
    with standby(sound.database_url) as running:
        yield running


class TestReplicas:
    def faults(self, sound: Sound, habits: Habits, *urls: str) -> list[str]:
        verdict = sound.asked(("replicas",), habits=habits, DATABASE__REPLICA_URL=",".join(urls))["replicas"]
        assert verdict.unknown == ""
        assert set(told(verdict)) <= {("warning", "ESTEIO_DATABASE__REPLICA_URL")}
        return [finding.what for finding in verdict.findings]

    def test_one_that_follows_is_no_finding(self, sound: Sound, replica: Standby) -> None:
        """A replica that may be asked is none, however long it takes to find that out within the patience."""
        assert self.faults(sound, sound.habits, replica.url) == []

    def test_one_that_is_away_and_one_that_is_the_primary(self, sound: Sound, replica: Standby) -> None:
        """A server that is not there, and one that follows nobody, are told one by one."""
        away = "postgresql://esteio@127.0.0.1:1/esteio"
        first, second = self.faults(sound, SHORT, replica.url, away, sound.database_url)
        assert "127.0.0.1:1" in first and "follows nobody" in second

    def test_one_that_is_held_up(self, sound: Sound, replica: Standby) -> None:
        """A replica that does not get on is told with how far it is behind at least."""
        replica.hold()
        try:
            sound.sql("CREATE TABLE held_up (n int)")
            (fault,) = self.faults(sound, SHORT, replica.url)
            assert "behind" in fault and "more than 3 s" in fault
        finally:
            sound.sql("DROP TABLE IF EXISTS held_up")
            replica.go_on()

    def test_without_the_primary_nobody_knows(self, sound: Sound, replica: Standby) -> None:
        """Where the primary cannot be asked, nothing is said of replicas."""
        gone = {"DATABASE__URL": "postgresql://a:v3Rk8wQz1LmX@127.0.0.1:1/esteio"}
        verdict = sound.asked(("replicas",), DATABASE__REPLICA_URL=replica.url, **gone)["replicas"]
        assert verdict.unknown != "" and verdict.findings == ()


def test_sentinels(sound: Sound) -> None:
    """The primary that Sentinels name is asked; without any of them Redis is away."""
    with watched() as servers:
        seen = sound.asked(OF_REDIS, REDIS__URL=servers.url)
        assert [verdict.unknown for verdict in seen.values()] == [""] * len(OF_REDIS)
        assert told(seen["redis"]) == told(seen["broker"]) == []
        assert told(seen["redis-memory"]) == [("warning", "")]
        for one in servers.sentinels:
            one.kill()
        assert told(sound.asked(("redis",), REDIS__URL=servers.url)["redis"]) == [("error", "ESTEIO_REDIS__URL")]


def test_a_cluster(sound: Sound) -> None:
    """A Cluster's node is asked; that the whole carries no jobs is told, and that a part of it is missing."""
    with clustered() as servers:
        seen = sound.asked(OF_REDIS, REDIS__URL=servers.url)
        assert [verdict.unknown for verdict in seen.values()] == [""] * len(OF_REDIS)
        assert told(seen["redis"]) == []
        assert told(seen["broker"]) == [("error", "ESTEIO_JOBS__BROKER_URL")]
        for one in servers.nodes:
            one.ask("CLUSTER", "DELSLOTS", "0")  # all of them answer, and nobody has these keys
        eventually(lambda: all(b"cluster_state:fail" in one.ask("CLUSTER", "INFO") for one in servers.nodes[:3]), 30)
        eventually(lambda: "The Redis Cluster is not whole." in faults(sound, servers.url), 30)


def faults(sound: Sound, url: str) -> list[str]:
    return [finding.what for finding in sound.asked(("redis",), REDIS__URL=url)["redis"].findings]
