"""Secrets are nowhere in clear: not in logs, metrics, nor in any table."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from esteio.embedded.engines import Engines
from tests.house import sql


@dataclass(frozen=True)
class Noise:
    secrets: list[str]
    log: str
    metrics: str
    database_url: str


@pytest.fixture(scope="module")
def noise(engines: Engines, new_database: Callable[[], str]) -> Noise:
    """What a process that logged everything has left behind."""
    url = new_database()
    command = [sys.executable, "-m", "tests.auth.noisy", url, engines.redis_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return Noise(told["secrets"], done.stderr, told["metrics"], url)


def test_no_log_line_shows_a_secret(noise: Noise) -> None:
    """Of keys, passwords, tokens and the master secret nothing appears in the log, used rightly or wrongly."""
    assert noise.log.count('"event":"request"') > 15 and "credentials refused" in noise.log
    assert len(noise.secrets) == 13
    assert [secret for secret in noise.secrets if secret in noise.log] == []
    # Not even the part of a token that carries its claims, or the random part of a key.
    assert [secret for secret in noise.secrets if len(secret) > 40 and secret[9:40] in noise.log] == []


def test_no_metric_shows_a_secret(noise: Noise) -> None:
    """Labels are names of routes and reasons, never what a caller sent."""
    assert "esteio_auth_refusals_total" in noise.metrics
    assert [secret for secret in noise.secrets if secret in noise.metrics] == []


def test_no_table_shows_a_secret(noise: Noise) -> None:
    """A dump of every table holds none of them, not even where an answer is stored for its Idempotency-Key."""
    tables = sql(noise.database_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    dump = "".join(str(sql(noise.database_url, f"SELECT t::text FROM {row['tablename']} t")) for row in tables)
    assert "noisy@example.org" in dump
    assert "idempotency_records" in {row["tablename"] for row in tables}
    assert [secret for secret in noise.secrets if secret in dump or secret.encode().hex() in dump] == []
