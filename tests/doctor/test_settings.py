"""The doctor finds what is wrong with settings: one fault each, and nothing else."""

import sys

import pytest

from esteio.doctor import Habits
from tests.doctor.patient import Sound
from tests.house import nobody

Found = set[tuple[str, str]]

ISSUER = f'[{{"issuer": "{nobody()}", "audience": ["esteio"], "tenant": "default"}}]'

FAULTS: dict[str, tuple[dict[str, str], Found]] = {
    "secret of an example": ({"SECRET_KEY": "change-me-change-me-change-me-change-me"}, {("secret-key", "error")}),
    "secret of one character": ({"SECRET_KEY": "k" * 40}, {("secret-key", "error")}),
    "secret that repeats": ({"SECRET_KEY": "v3Rk8wQz1LmXc7TtYb5NnHs2GfJd9PaU" * 2}, {("secret-key", "error")}),
    "development": ({"ENVIRONMENT": "development"}, {("environment", "error")}),
    "debug": ({"DEBUG": "true"}, {("debug", "error")}),
    "debug logs": ({"TELEMETRY__LOG_LEVEL": "debug"}, {("logs", "warning")}),
    "logs of errors only": ({"TELEMETRY__LOG_LEVEL": "error"}, {("logs", "note")}),
    "logs for a terminal": ({"TELEMETRY__LOG_FORMAT": "console"}, {("logs", "warning")}),
    "any host": ({"HTTP__TRUSTED_HOSTS": "*"}, {("hosts", "error")}),
    "plain origin": ({"HTTP__CORS_ORIGINS": "http://console.unreached.invalid"}, {("origins", "error")}),
    "local origin": ({"HTTP__CORS_ORIGINS": "http://localhost:3000"}, {("origins", "warning")}),
    "plain public address": ({"HTTP__PUBLIC_URL": "http://api.unreached.invalid"}, {("public-url", "error")}),
    "local public address": ({"HTTP__PUBLIC_URL": "https://127.0.0.1:8000"}, {("public-url", "error")}),
    "everybody is a proxy": ({"HTTP__TRUSTED_PROXIES": "0.0.0.0/0"}, {("proxies", "error")}),
    "nobody is a proxy": ({"HTTP__TRUSTED_PROXIES": ""}, {("proxies", "warning")}),
    "a socket for everybody": (
        {"HTTP__TRUSTED_PROXIES": "unix,::/0"},
        {("proxies", "error")},
    ),
    "an end that no proxy notices": ({"HTTP__DRAIN_NOTICE": "2.9"}, {("drain", "warning")}),
    "metrics in the network": (
        {"TELEMETRY__METRICS_PORT": "9100", "TELEMETRY__METRICS_HOST": "0.0.0.0"},
        {("metrics", "warning")},
    ),
    "metrics for everybody": ({"TELEMETRY__METRICS_HOST": "metrics.unreached.invalid"}, {("metrics", "error")}),
    "a collector that is not there": (
        {"TELEMETRY__TRACES_EXPORTER": "otlp", "TELEMETRY__TRACES_ENDPOINT": "http://127.0.0.1:1"},
        {("observers", "warning")},
    ),
    "a Sentry that is not there": ({"TELEMETRY__SENTRY_DSN": "https://key@127.0.0.1:1/1"}, {("observers", "warning")}),
    "a Sentry that is none": ({"TELEMETRY__SENTRY_DSN": "1"}, {("observers", "error")}),
    "swagger": ({"HTTP__SWAGGER_UI": "true"}, {("documents", "note")}),
    "redoc": ({"HTTP__REDOC": "true"}, {("documents", "note")}),
    "no limits": ({"LIMITS__ENABLED": "false"}, {("limits", "error")}),
    "key in the environment": (
        {"AUTH__API_KEY": "v3Rk8wQz1LmXc7TtYb5NnHs2GfJd9PaU"},
        {("environment-keys", "warning")},
    ),
    "weak key in the environment": ({"AUTH__API_KEY": "password1"}, {("environment-keys", "error")}),
    "time-outs": ({"DATABASE__STATEMENT_TIMEOUT": "30"}, {("timeouts", "warning")}),
    "lock and transaction": ({"DATABASE__LOCK_TIMEOUT": "50"}, {("timeouts", "warning")}),
    "many sockets": ({"REALTIME__CONNECTIONS": "100000"}, {("open-files", "warning")}),
    "little room": ({"FILES__FREE_WARN_BYTES": str(1 << 60)}, {("disks", "warning")}),
    "no room": (
        {"FILES__FREE_WARN_BYTES": str(1 << 60), "FILES__FREE_REFUSE_BYTES": str(1 << 60)},
        {("disks", "error")},
    ),
    "files in memory": ({"FILES__URL": "file:///dev/shm"}, {("files-folder", "error")}),
    "files nowhere": ({"FILES__URL": "file:///proc/esteio"}, {("files-folder", "error"), ("disks", "warning")}),
    "certificates nowhere": ({"UPSTREAM__CA_FILE": "/nowhere.pem"}, {("certificates", "error")}),
    "the regulator's network": ({"OUTAGES__ALLOWED_NETWORKS": ""}, {("products", "warning")}),
    "the regulator's address": ({"OUTAGES__EMAIL": "radar@distribuidora.com.br"}, {("products", "warning")}),
    "a bucket that is not there": (
        {
            "FILES__URL": "s3://esteio-doctor",
            "FILES__S3_ENDPOINT": "http://127.0.0.1:1",
            "FILES__S3_ALLOW_HTTP": "true",
            "FILES__S3_ACCESS_KEY_ID": "a",
            "FILES__S3_SECRET_ACCESS_KEY": "b",
        },
        {("object-store", "error")},
    ),
    "a broker that is not there": (
        {"JOBS__BROKER_URL": "amqp://esteio:v3Rk8wQz1LmXc7@127.0.0.1:1/"},
        {("broker", "error")},
    ),
    "a broker with a guest": (
        {"JOBS__BROKER_URL": "amqp://guest:guest@127.0.0.1:1/"},
        {("broker", "error"), ("passwords", "error")},
    ),
    "a mail server that is not there": (
        {"MAIL__SERVER": "localhost", "MAIL__PORT": "1", "MAIL__FROM_ADDRESS": "a@unreached.invalid"},
        {("mail", "error")},
    ),
    "an issuer that is not there": (
        {"AUTH__ISSUERS": ISSUER},
        {("issuers", "error"), ("stand-ins", "warning")},
    ),
}
"""What is set, and what is found then beside what is found anyway."""


def test_a_sound_deployment_has_no_errors(usual: Found) -> None:
    """Nothing of severity error is found where nothing is wrong."""
    assert [check for check, severity in usual if severity == "error"] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_nothing_else(sound: Sound, usual: Found, fault: str) -> None:
    """A setting that is wrong is found by its check, with its severity, and no other check finds more than before."""
    changes, expected = FAULTS[fault]
    found = sound.found(**changes)
    assert found - usual == expected - usual
    assert expected <= found


def test_each_finding_says_what_why_and_what_to_do(sound: Sound) -> None:
    """No finding is without its reason and its remedy, and those of settings name the variable."""
    for fault, (changes, expected) in FAULTS.items():
        examined = sound.examined(**changes)
        for check, finding in examined.findings:
            assert finding.what and finding.why and finding.fix, (fault, check)
            assert finding.what.endswith(".") and finding.why.endswith("."), (fault, finding)
        named = {finding.variable for check, finding in examined.findings if (check, finding.severity) in expected}
        sections = {f"ESTEIO_{name.partition('__')[0]}" for name in changes}
        assert any(variable.startswith(section) for variable in named for section in sections), (fault, named)


def test_where_the_api_listens(sound: Sound, usual: Found) -> None:
    """An API that listens for everybody behind a proxy is found, one that listens on loopback is not."""
    assert ("proxies", "warning") in sound.found(habits=Habits(patience=15.0, host="0.0.0.0")) - usual
    assert sound.found(habits=Habits(patience=15.0, host="127.0.0.1")) == usual


def test_what_is_no_fault(sound: Sound, usual: Found) -> None:
    """Metrics behind a token, and a socket on which the proxy alone comes, are fine, and no proxy needs no notice."""
    told = {"TELEMETRY__METRICS_HOST": "0.0.0.0", "TELEMETRY__METRICS_TOKEN": "v3Rk8wQz1LmX"}
    assert sound.found(**told, HTTP__TRUSTED_PROXIES="unix") == usual
    assert sound.looked(("drain",), HTTP__TRUSTED_PROXIES="", HTTP__DRAIN_NOTICE="0") == set()


@pytest.mark.parametrize(("exporter", "library"), [("otlp", "otlp.proto.http"), ("zipkin", "zipkin.json")])
def test_an_extra_that_is_not_installed(
    sound: Sound, usual: Found, monkeypatch: pytest.MonkeyPatch, exporter: str, library: str
) -> None:
    """Traces without their libraries are found, although a process would refuse to start, and all else is examined."""
    monkeypatch.setitem(sys.modules, f"opentelemetry.exporter.{library}", None)
    changes = {"TELEMETRY__TRACES_EXPORTER": exporter, "TELEMETRY__TRACES_ENDPOINT": "http://127.0.0.1:1"}
    assert sound.found(**changes) - usual == {("extras", "error"), ("observers", "warning")}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://app:v3Rk8wQz1LmX@db.unreached.invalid/esteio", ("database-tls", "error")),
        ("postgresql://app:v3Rk8wQz1LmX@/esteio?host=db.unreached.invalid", ("database-tls", "error")),
        ("postgresql://app:v3Rk8wQz1LmX@10.1.2.3/esteio?sslmode=disable", ("database-tls", "warning")),
        ("postgresql://app:v3Rk8wQz1LmX@10.1.2.3/esteio?sslmode=require", ("database-tls", "warning")),
        ("postgresql://postgres:postgres@127.0.0.1/esteio", ("passwords", "error")),
    ],
)
def test_addresses_of_the_database(sound: Sound, url: str, expected: tuple[str, str]) -> None:
    """An address without TLS, or with a password that everybody tries, is found without a connection."""
    assert expected in sound.looked(("database-tls", "passwords"), DATABASE__URL=url)
    assert expected in sound.looked(("database-tls", "passwords"), DATABASE__DIRECT_URL=url)
    assert expected in sound.looked(("database-tls", "passwords"), DATABASE__REPLICA_URL=f"{sound.database_url},{url}")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:v3Rk8wQz1LmX@cache.unreached.invalid/0", {("redis-tls", "error")}),
        ("redis://:v3Rk8wQz1LmX@10.0.0.5/0", {("redis-tls", "warning")}),
        ("rediss://cache.unreached.invalid/0", {("redis-tls", "error")}),
        ("rediss://:v3Rk8wQz1LmX@cache.unreached.invalid/0", set()),
        ("redis://localhost/0", set()),
        ("redis+sentinel://:v3Rk8wQz1LmX@127.0.0.1,s1.unreached.invalid:26379/esteio", {("redis-tls", "error")}),
        ("redis+sentinel://:v3Rk8wQz1LmX@10.0.0.5:26379,10.0.0.6:26379/esteio/0", {("redis-tls", "warning")}),
        ("rediss+sentinel://10.0.0.5,10.0.0.6/esteio", {("redis-tls", "error")}),
        ("rediss+sentinel://:v3Rk8wQz1LmX@10.0.0.5,10.0.0.6/esteio", set()),
        ("redis+sentinel://127.0.0.1:26379,localhost:26380/esteio", set()),
        ("redis+cluster://:v3Rk8wQz1LmX@[2001:4860::1]:6379,[::1]/0", {("redis-tls", "error")}),
        ("rediss+cluster://:v3Rk8wQz1LmX@n1.unreached.invalid,n2.unreached.invalid", set()),
    ],
)
def test_addresses_of_redis(sound: Sound, url: str, expected: Found) -> None:
    """Redis beyond this machine is spoken to with TLS and a password, or it is found."""
    assert sound.looked(("redis-tls",), REDIS__URL=url) == expected


def test_addresses_of_the_broker(sound: Sound) -> None:
    """A broker beyond this machine is spoken to with TLS, or it is found."""
    assert sound.looked(("broker-tls",), JOBS__BROKER_URL="amqp://a:b@mq.unreached.invalid/") == {
        ("broker-tls", "error")
    }
    assert sound.looked(("broker-tls",), JOBS__BROKER_URL="amqps://a:b@mq.unreached.invalid/") == set()
    sentinels = "redis+sentinel://:b@s1.unreached.invalid,s2.unreached.invalid/jobs"
    assert sound.looked(("broker-tls",), JOBS__BROKER_URL=sentinels) == {("broker-tls", "error")}
    assert sound.looked(("broker-tls",), JOBS__BROKER_URL=sentinels.replace("redis", "rediss", 1)) == set()


def test_passwords_of_sentinels(sound: Sound) -> None:
    """A password that Sentinels ask for and everybody tries is found."""
    url = "rediss+sentinel://:v3Rk8wQz1LmX@10.0.0.5/esteio?sentinel_password={}"
    assert sound.looked(("passwords",), REDIS__URL=url.format("redis")) == {("passwords", "error")}
    assert sound.looked(("passwords",), REDIS__URL=url.format("v3Rk8wQz1LmY")) == set()


def test_a_cluster_that_is_to_carry_jobs(sound: Sound) -> None:
    """A Redis Cluster without a broker beside it is told, where a worker would refuse to start."""
    cluster = "rediss+cluster://:v3Rk8wQz1LmX@10.0.0.5:6379,10.0.0.6:6379"
    assert sound.looked(("broker",), REDIS__URL=cluster) == {("broker", "error")}
    assert sound.looked(("broker",), REDIS__URL=cluster, JOBS__BROKER_URL=sound.redis_url) == set()


def test_parties_without_tls(sound: Sound) -> None:
    """A party that is called without TLS is found, one on this machine is taken for a stand-in."""
    shop = {"STORE__UPSTREAM_URL": "http://shop.unreached.invalid", "PETSTORY__MERCADOPAGO_URL": "https://a.invalid"}
    assert sound.looked(("stand-ins",), **shop) == {("stand-ins", "error")}


def test_settings_that_cannot_be_read_are_the_finding(sound: Sound) -> None:
    """Each sentence about the settings is an error with its variable, and no check fails because of them."""
    examined = sound.examined(REDIS__DEADLINE="soon", HTTP__NO_SUCH="1")
    found = [finding for check, finding in examined.findings if check == "settings"]
    assert {finding.variable for finding in found} == {"ESTEIO_REDIS__DEADLINE", "ESTEIO_HTTP__NO_SUCH"}
    assert all("the check failed" not in verdict.unknown for verdict in examined.verdicts)


def test_what_is_played_is_not_to_be_shown(sound: Sound) -> None:
    """A file of stand-ins is told of: in production it is of no use, elsewhere it lays mails open."""
    file = {"DEVELOPMENT__STAND_INS": "/var/lib/esteio/stand-ins.json"}
    assert sound.looked(("development",)) == set()
    assert sound.looked(("development",), **file, ENVIRONMENT="production") == {("development", "warning")}
    assert sound.looked(("development",), **file, ENVIRONMENT="development") == {("development", "error")}
