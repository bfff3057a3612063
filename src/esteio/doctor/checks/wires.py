"""TLS to the servers that the house talks to."""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, Severity
from esteio.doctor.checks.places import Place, databases, distance, place
from esteio.doctor.patient import Patient

_VERIFIED = ("verify-full", "verify-ca")
_PLAIN = ("disable", "allow", "prefer", "")


async def database(patient: Patient) -> AsyncIterator[Finding]:
    """The primary's, a pooler's, the replicas'."""
    for variable, url in databases(patient.settings.database):
        found = place(url)
        mode = found.asked("sslmode")
        if found.distance == "here":
            continue
        if mode in _PLAIN:
            yield _open(found, "PostgreSQL", variable, "Add ?sslmode=verify-full to the address.")
        elif mode not in _VERIFIED:
            yield Finding(
                "warning",
                f"PostgreSQL at {found.shown} is not asked who it is (sslmode={mode}).",
                "Whoever takes its place on the network is given the password and the data.",
                "Use sslmode=verify-full, with sslrootcert where the authority is your own.",
                variable,
            )


async def redis(patient: Patient) -> AsyncIterator[Finding]:
    found = place(patient.settings.redis.url.get_secret_value())
    if found.distance == "here":
        return
    if not found.scheme.startswith("rediss"):
        yield _open(
            found, "Redis", "ESTEIO_REDIS__URL", f"Begin it with redis{found.scheme.replace('redis', 's', 1)}://."
        )
    if not found.password:
        yield Finding(
            "error",
            f"Redis at {found.shown} is used without a password.",
            "Whoever reaches it reads and changes limits, tickets and kept answers.",
            "Give it a user and a password (ACL), and put both into the address.",
            "ESTEIO_REDIS__URL",
        )


async def broker(patient: Patient) -> AsyncIterator[Finding]:
    url = patient.settings.jobs.broker_url
    if url is None:
        return
    found = place(url.get_secret_value())
    if found.distance != "here" and found.scheme.partition("+")[0] not in ("amqps", "rediss"):
        yield _open(found, "The broker", "ESTEIO_JOBS__BROKER_URL", "Use amqps://, rediss:// or rediss+sentinel://.")


async def mail(patient: Patient) -> AsyncIterator[Finding]:
    settings = patient.settings.mail
    if settings.server and settings.wrapping == "none" and distance(settings.server) != "here":
        yield _open(place(f"smtp://{settings.server}"), "The mail server", "ESTEIO_MAIL__TLS", "Use starttls or tls.")


def _open(found: Place, name: str, variable: str, fix: str) -> Finding:
    severity: Severity = "error" if found.distance == "far" else "warning"
    return Finding(
        severity,
        f"{name} at {found.shown} is spoken to without TLS.",
        "Passwords and data can be read and changed on the way.",
        fix,
        variable,
    )
