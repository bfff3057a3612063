"""The doctor finds what is wrong with what runs: one harm each, and nothing else; and it never hangs."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import trustme
from redis import Redis

from esteio.base.clock import TurnableClock
from esteio.doctor import Habits
from esteio.standins.smtp import running_smtp
from esteio.standins.smtp.terms import Terms
from tests.doctor.patient import Sound
from tests.house import eventually, sql

Found = set[tuple[str, str]]
TENANT = "00000000-0000-7000-8000-000000000001"

JOB = (
    "INSERT INTO jobs (id, tenant_id, name, queue, lane, visible, payload, principal, outcome, finished_at) VALUES "
    f"(gen_random_uuid(), '{TENANT}', 'trial', 'io', '{TENANT}', true, '{{}}', 'test', 'failed', now())"
)
TICKET = (
    "INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane, due_at) VALUES "
    f"(gen_random_uuid(), '{TENANT}', 'trial', 'io', '{TENANT}', now() - interval '{{age}}')"
)
FACT = (
    "WITH fact AS (INSERT INTO outbox (id, name, subject, data, principal, occurred_at, tenant_id) VALUES "
    f"(gen_random_uuid(), 'pet.created', 'p', '{{{{}}}}', 'test', now() - interval '{{age}}', '{TENANT}') "
    "RETURNING position) SELECT 1"
)
KEY = (
    "INSERT INTO api_keys (id, tenant_id, public_id, name, last_four, scopes, created_by, version, created_at, "
    f"last_used_at) VALUES (gen_random_uuid(), '{TENANT}', 'p', 'n', 'abcd', '{{{{}}}}', 'test', 1, "
    "now() - interval '{age}', now() - interval '{used}')"
)
ADMIN = (
    "WITH who AS (INSERT INTO users (id, email, home_tenant) SELECT gen_random_uuid(), 'a' || n || '@example.org', "
    f"'{TENANT}' FROM generate_series(1, {{number}}) n RETURNING id) "
    "INSERT INTO memberships (tenant_id, user_id, name, "
    f"roles, version, created_at) SELECT '{TENANT}', id, 'n', '{{{{admin}}}}', 1, now() - interval '{{age}}' FROM who"
)
ENDPOINT = (
    "INSERT INTO webhook_endpoints (id, tenant_id, url, description, events, signing, enabled, disabled_reason, "
    f"failing_since, created_by, version) VALUES (gen_random_uuid(), '{TENANT}', 'https://a.invalid', '', "
    "'{{*}}', 'v1', {rest}, 'test', 1)"
)
SIGNING = (
    "INSERT INTO signing_keys (kid, public_pem, sealed_private, created_at, active_from) "
    "VALUES ('k', '', '', now() - interval '1 year', now())"
)
HARMS: dict[str, tuple[str, str, Found]] = {
    "a table without its wall": (
        "ALTER TABLE pets NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE pets FORCE ROW LEVEL SECURITY",
        {("walls", "error")},
    ),
    "a role that sees everything": (
        "ALTER ROLE esteio_runtime BYPASSRLS",
        "ALTER ROLE esteio_runtime NOBYPASSRLS",
        {("runtime-role", "error")},
    ),
    "a role that is a superuser": (
        "ALTER ROLE esteio_runtime SUPERUSER",
        "ALTER ROLE esteio_runtime NOSUPERUSER",
        {("runtime-role", "error")},
    ),
    "a role that owns tables": (
        "ALTER TABLE plans OWNER TO esteio_runtime",
        "ALTER TABLE plans OWNER TO esteio",
        {("runtime-role", "error")},
    ),
    "commits that do not wait": (
        "ALTER DATABASE esteio SET synchronous_commit = off",
        "ALTER DATABASE esteio RESET synchronous_commit",
        {("durability", "error")},
    ),
    "a migration that is pending": (
        "DELETE FROM alembic_version WHERE version_num = 'pets_0002'",
        "INSERT INTO alembic_version VALUES ('pets_0002')",
        {("migrations", "error")},
    ),
    "a newer release's revision": (
        "INSERT INTO alembic_version VALUES ('pets_9999')",
        "DELETE FROM alembic_version WHERE version_num = 'pets_9999'",
        {("migrations", "note")},
    ),
    "no worker for a queue": (
        "UPDATE job_workers SET queues = '{io}'",
        "UPDATE job_workers SET queues = '{io,cpu}'",
        {("workers", "error")},
    ),
    "workers that are gone": (
        "UPDATE job_workers SET seen_at = now() - interval '1 minute'",
        "UPDATE job_workers SET seen_at = now() + interval '1 hour'",
        {("workers", "error")},
    ),
    "no scheduler": (
        "UPDATE traffic_processes SET kind = 'api' WHERE name = 'scheduler'",
        "UPDATE traffic_processes SET kind = 'scheduler' WHERE name = 'scheduler'",
        {("schedulers", "error")},
    ),
    "a dead letter": (JOB, "TRUNCATE jobs CASCADE", {("dead-letters", "warning")}),
    "a job that is due": (TICKET.format(age="2 minutes"), "TRUNCATE job_tickets", {("due-jobs", "warning")}),
    "a job that is long due": (TICKET.format(age="1 hour"), "TRUNCATE job_tickets", {("due-jobs", "error")}),
    "a fact that waits": (
        FACT.format(age="2 minutes"),
        "TRUNCATE outbox_queue, outbox",
        {("outbox", "warning")},
    ),
    "a fact that waits for long": (FACT.format(age="1 hour"), "TRUNCATE outbox_queue, outbox", {("outbox", "error")}),
    "a key that is old": (
        KEY.format(age="2 years", used="1 hour"),
        "TRUNCATE api_keys CASCADE",
        {("api-keys", "warning")},
    ),
    "a key that nobody uses": (
        KEY.format(age="200 days", used="190 days"),
        "TRUNCATE api_keys CASCADE",
        {("api-keys", "note")},
    ),
    "an old key that signs": (SIGNING, "TRUNCATE signing_keys", {("signing-keys", "warning")}),
    "many administrators": (
        ADMIN.format(number=6, age="1 day"),
        "TRUNCATE users CASCADE",
        {("administrators", "warning")},
    ),
    "an administrator who is away": (
        ADMIN.format(number=1, age="1 year"),
        "TRUNCATE users CASCADE",
        {("administrators", "warning")},
    ),
    "an endpoint that was disabled": (
        ENDPOINT.format(rest="false, 'failing', now()"),
        "TRUNCATE webhook_endpoints CASCADE",
        {("endpoints", "warning")},
    ),
    "a backup that is old": (
        "INSERT INTO backups (id, made_by, started_at, finished_at, taken_at, state, size, files, lost) "
        "SELECT 'b', 'test', at, at, at, 'made', 1, 1, 0 FROM (SELECT now() - interval '3 days' AS at) AS moment",
        "TRUNCATE backups",
        {("backups", "error")},
    ),
    "an endpoint that fails": (
        ENDPOINT.format(rest="true, NULL, now() - interval '1 day'"),
        "TRUNCATE webhook_endpoints CASCADE",
        {("endpoints", "warning")},
    ),
}
"""What is done to the database, what mends it, and what is found."""


@contextmanager
def harmed(sound: Sound, harm: str, mend: str) -> Iterator[None]:
    sound.sql(harm)
    try:
        yield
    finally:
        sound.sql(mend)


@pytest.mark.parametrize("harm", HARMS)
def test_each_harm_is_found_and_nothing_else(sound: Sound, usual: Found, harm: str) -> None:
    """A database that is harmed in one way is found so by one check; mended, nothing is found any more."""
    doing, mending, expected = HARMS[harm]
    with harmed(sound, doing, mending):
        assert sound.found() - usual == expected
    assert sound.found() == usual


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [("full_page_writes", "off", "durability"), ("autovacuum", "off", "vacuum")],
)
def test_settings_of_the_server(sound: Sound, usual: Found, name: str, value: str, check: str) -> None:
    """A server that may lose what it was told, or does not clean up, is found."""

    def is_now(wanted: str) -> Callable[[], bool]:
        return lambda: sql(sound.database_url, f"SHOW {name}")[0][0] == wanted

    sound.sql(f"ALTER SYSTEM SET {name} = {value}")
    sound.sql("SELECT pg_reload_conf()")
    try:
        eventually(is_now(value))
        assert sound.found() - usual == {(check, "error")}
    finally:
        sound.sql(f"ALTER SYSTEM RESET {name}")
        sound.sql("SELECT pg_reload_conf()")
        eventually(is_now("on"))


def test_more_connections_than_there_is_room_for(sound: Sound, usual: Found) -> None:
    """Pools times processes beyond max_connections are found, counted from what runs or from what is told."""
    assert sound.found(habits=Habits(patience=15.0, api_processes=20)) - usual == {("connections", "error")}
    assert sound.found(DATABASE__POOL_MAX="40") - usual == {("connections", "error")}
    assert sound.found(habits=Habits(patience=15.0, api_processes=1, worker_processes=1)) == usual


def test_memory_of_redis(sound: Sound, usual: Found) -> None:
    """Redis without a bound, or one that evicts ids of jobs, is found; its bound and policy are put back."""
    with configured(sound, "maxmemory", "0"):
        assert sound.found() - usual == {("redis-memory", "warning")}
    with configured(sound, "maxmemory-policy", "allkeys-lru"):
        assert sound.found() - usual == {("redis-memory", "warning")}
    with configured(sound, "appendonly", "yes"):
        assert sound.found() - usual == {("redis-disk", "note")}


@contextmanager
def configured(sound: Sound, name: str, value: str) -> Iterator[None]:
    with Redis.from_url(sound.redis_url, decode_responses=True) as client:
        before = client.config_get(name)[name]
        client.config_set(name, value)
        try:
            yield
        finally:
            client.config_set(name, before)


def test_clocks_that_differ(sound: Sound, usual: Found) -> None:
    """A machine whose clock is off from the servers' is found: a little is a warning, much an error."""
    late = TurnableClock(datetime.now(UTC))
    late.turn(4)
    assert sound.found(clock=late) - usual == {("clocks", "warning")} - usual
    late.turn(60)
    assert ("clocks", "error") in sound.found(clock=late)


def test_a_certificate_that_ends(sound: Sound, usual: Found, tmp_path: Path) -> None:
    """Certificates of files are looked at: far from their end they are no finding, near it a warning, then an error."""
    file = tmp_path / "front.pem"
    habits = replace(sound.habits, certificates=(file,))
    for left, expected in (
        (timedelta(days=22), set()),
        (timedelta(days=20), {("certificates", "warning")}),
        (timedelta(hours=1), {("certificates", "warning")}),
        (-timedelta(hours=1), {("certificates", "error")}),
    ):
        shown = trustme.CA().issue_cert("api.unreached.invalid", not_after=datetime.now(UTC) + left)
        shown.cert_chain_pems[0].write_to_path(file)
        assert sound.found(habits=habits) - usual == expected, left
    file.write_text("no certificate")
    assert sound.found(habits=habits) - usual == {("certificates", "error")}


def test_the_certificate_that_callers_are_shown(sound: Sound) -> None:
    """The public address's certificate is read from the server itself, whoever signed it and whether it has ended."""
    for left, expected in ((30, []), (3, ["warning"]), (-1, ["error"])):
        with showing(datetime.now(UTC) + timedelta(days=left)) as port:
            verdicts = sound.asked(("public-certificate",), HTTP__PUBLIC_URL=f"https://127.0.0.1:{port}")
        assert [one.severity for one in verdicts["public-certificate"].findings] == expected, left
    verdicts = sound.asked(("public-certificate",), HTTP__PUBLIC_URL="https://127.0.0.1:1")
    assert [one.severity for one in verdicts["public-certificate"].findings] == ["note"]


@contextmanager
def showing(end: datetime) -> Iterator[int]:
    """A server with TLS whose certificate ends then; its port."""
    terms = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", not_after=end).configure_cert(terms)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                line, _ = listening.accept()
                with line, terms.wrap_socket(line, server_side=True) as safe:
                    safe.recv(1)

        answering = Thread(target=serve, daemon=True)
        answering.start()
        yield listening.getsockname()[1]
        answering.join(30)


def test_the_mail_server_is_a_stand_in(sound: Sound, usual: Found) -> None:
    """A mail server that is reached is no finding of `mail`; that it is a stand-in is one."""
    with running_smtp(Terms(tls="none")) as post:
        changes = {"MAIL__SERVER": "127.0.0.1", "MAIL__PORT": str(post.port), "MAIL__TLS": "none"}
        found = sound.found(**changes, MAIL__FROM_ADDRESS="books@unreached.invalid")
    assert found - usual == {("mail-standin", "error")}
    assert ("mail", "note") not in found


class TestSilent:
    """Servers that take connections and say nothing."""

    @pytest.fixture
    def silent(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
            yield listening.getsockname()[1]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"DATABASE__URL": "postgresql://a:v3Rk8wQz1LmX@127.0.0.1:{port}/esteio"}, ("database", "error")),
            ({"REDIS__URL": "redis://127.0.0.1:{port}"}, ("redis", "error")),
            (
                {"MAIL__SERVER": "127.0.0.1", "MAIL__PORT": "{port}", "MAIL__FROM_ADDRESS": "a@b.invalid"},
                ("mail", "error"),
            ),
            (
                {"AUTH__ISSUERS": '[{{"issuer": "http://127.0.0.1:{port}", "audience": ["e"], "tenant": "default"}}]'},
                ("issuers", "error"),
            ),
            ({"JOBS__BROKER_URL": "amqp://a:v3Rk8wQz1LmX@127.0.0.1:{port}/"}, ("broker", "error")),
            (
                {
                    "FILES__URL": "s3://esteio-doctor",
                    "FILES__S3_ENDPOINT": "http://127.0.0.1:{port}",
                    "FILES__S3_ALLOW_HTTP": "true",
                    "FILES__S3_ACCESS_KEY_ID": "a",
                    "FILES__S3_SECRET_ACCESS_KEY": "b",
                },
                ("object-store", "error"),
            ),
        ],
    )
    def test_silence_is_a_finding_and_no_hang(
        self, sound: Sound, silent: int, changes: dict[str, str], expected: tuple[str, str]
    ) -> None:
        """A server that says nothing is found, and the examination ends within some times the patience."""
        began = time.monotonic()
        found = sound.found(
            habits=Habits(patience=1.0), **{name: value.format(port=silent) for name, value in changes.items()}
        )
        assert expected in found
        assert time.monotonic() - began < 30

    def test_everything_is_away(self, sound: Sound, silent: int) -> None:
        """With database and Redis both silent the rest is examined all the same, and what could not be seen is told."""
        examined = sound.examined(
            habits=Habits(patience=1.0),
            DATABASE__URL=f"postgresql://a:v3Rk8wQz1LmX@127.0.0.1:{silent}/esteio",
            REDIS__URL=f"redis://127.0.0.1:{silent}",
            DEBUG="true",
        )
        found = {(check, finding.severity) for check, finding in examined.findings}
        assert {("database", "error"), ("redis", "error"), ("debug", "error")} <= found
        unseen = {verdict.check for verdict in examined.verdicts if verdict.unknown}
        assert {"migrations", "walls", "connections", "redis-memory", "workers", "clocks"} <= unseen
        assert all("the check failed" not in verdict.unknown for verdict in examined.verdicts)
