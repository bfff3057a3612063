"""What strangers see of the API and may do with it."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from esteio.base.finding import Finding, error, note, warning
from esteio.doctor.checks.places import distance
from esteio.doctor.patient import Patient

_WIDE = {4: 8, 6: 32}
"""Prefixes below which a trusted network is larger than anybody's own."""

PROXY_KEEPS = 3.0
"""Seconds for which the proxies that are shipped keep an idle connection to a process."""

_SOCKET = "unix"
_ANY = ("0.0.0.0", "::", "[::]")  # noqa: S104 - compared with, not listened on


async def environment(patient: Patient) -> AsyncIterator[Finding]:
    if patient.settings.environment != "production":
        yield error(
            "The environment is development.",
            why="Samples may be loaded beside real data, and what is only fit for trying is allowed.",
            fix="Set it to production.",
            variable="ESTEIO_ENVIRONMENT",
        )


async def debug(patient: Patient) -> AsyncIterator[Finding]:
    if patient.settings.debug:
        yield error(
            "Debugging is on.",
            why="Every statement and message is logged: it is slow, and the logs hold more than they should.",
            fix="Unset it.",
            variable="ESTEIO_DEBUG",
        )


async def logs(patient: Patient) -> AsyncIterator[Finding]:
    telemetry = patient.settings.telemetry
    if telemetry.log_level == "debug" and not patient.settings.debug:
        yield warning(
            "Logs are written at the level debug.",
            why="They grow fast and cost time in every request.",
            fix="Set it to info.",
            variable="ESTEIO_TELEMETRY__LOG_LEVEL",
        )
    if telemetry.log_level in ("error", "warning"):
        yield note(
            f"Logs below the level {telemetry.log_level} are not written.",
            why="The line of each request and what led to an error are missing when they are looked for.",
            fix="Set it to info.",
            variable="ESTEIO_TELEMETRY__LOG_LEVEL",
        )
    if telemetry.log_format == "console":
        yield warning(
            "Logs are written for a terminal.",
            why="Machines that gather them cannot read their fields.",
            fix="Set it to json, or auto.",
            variable="ESTEIO_TELEMETRY__LOG_FORMAT",
        )


async def hosts(patient: Patient) -> AsyncIterator[Finding]:
    if "*" in patient.settings.http.trusted_hosts:
        yield error(
            "Every Host header is accepted.",
            why="Links and caches can be poisoned by requests for another name.",
            fix="Name the hosts that are served.",
            variable="ESTEIO_HTTP__TRUSTED_HOSTS",
        )


async def origins(patient: Patient) -> AsyncIterator[Finding]:
    for origin in patient.settings.http.cors_origins:
        parts = urlsplit(origin)
        if distance(parts.hostname or "") == "here":
            yield warning(
                f"Pages of {origin} may call from a browser.",
                why="Any program on a user's machine can serve that origin.",
                fix="Remove it.",
                variable="ESTEIO_HTTP__CORS_ORIGINS",
            )
        elif parts.scheme != "https":
            yield error(
                f"Pages of {origin} may call from a browser, without TLS.",
                why="Whoever is between such a page and its reader can change it and act as the reader.",
                fix="Name the origin with https://.",
                variable="ESTEIO_HTTP__CORS_ORIGINS",
            )


async def public_url(patient: Patient) -> AsyncIterator[Finding]:
    parts = urlsplit(patient.settings.http.public_url)
    if distance(parts.hostname or "") == "here":
        yield error(
            "The public address is one of this machine.",
            why="Links in answers and mails lead nobody anywhere.",
            fix="Set the address under which callers reach the API.",
            variable="ESTEIO_HTTP__PUBLIC_URL",
        )
    elif parts.scheme != "https":
        yield error(
            "The public address is without TLS.",
            why="Credentials in requests can be read on the way.",
            fix="Put a server with TLS in front and set its https:// address.",
            variable="ESTEIO_HTTP__PUBLIC_URL",
        )


async def proxies(patient: Patient) -> AsyncIterator[Finding]:
    http = patient.settings.http
    networks = [ip_network(text, strict=False) for text in http.trusted_proxies if text != _SOCKET]
    for network in networks:
        if network.prefixlen < _WIDE[network.version]:
            yield error(
                f"X-Forwarded-For is believed from {network}.",
                why="Anybody there can name any address as their own and so escape limits and allow-lists.",
                fix="Name the addresses of the proxies alone.",
                variable="ESTEIO_HTTP__TRUSTED_PROXIES",
            )
    if not http.trusted_proxies and http.public_url.startswith("https://"):
        yield warning(
            "The public address has TLS, and no proxy is trusted.",
            why="Where a proxy ends TLS, all callers seem to come from its address: one limit holds for all of them.",
            fix="Name the proxy's network.",
            variable="ESTEIO_HTTP__TRUSTED_PROXIES",
        )
    host = patient.habits.host
    if host in _ANY or (host and http.trusted_proxies and distance(host) == "far"):
        yield warning(
            f"The API listens on {host}.",
            why="Whoever reaches it past the proxy meets none of the proxy's limits, and no TLS.",
            fix="Listen on a private address (`esteio serve --host`) or let a firewall admit the proxy alone.",
        )


async def drain(patient: Patient) -> AsyncIterator[Finding]:
    """Whether a proxy has ended its idle connections before a process that was told to end refuses them."""
    http = patient.settings.http
    if http.trusted_proxies and http.drain_notice < PROXY_KEEPS:
        yield warning(
            f"A process that is told to end says so for {http.drain_notice:g} s, and a proxy keeps idle connections "
            f"for {PROXY_KEEPS:g} s.",
            why="In a deploy a POST may meet a connection that is just being closed: its caller is answered 502.",
            fix=f"Set it to {PROXY_KEEPS:g} or more; not less than the keepalive_timeout of your proxy's upstream.",
            variable="ESTEIO_HTTP__DRAIN_NOTICE",
        )


async def metrics(patient: Patient) -> AsyncIterator[Finding]:
    """The metrics' own port. It may also be opened by an option, so that its address is looked at in any case."""
    telemetry = patient.settings.telemetry
    if telemetry.metrics_token.get_secret_value() or distance(telemetry.metrics_host) == "here":
        return
    tell = error if distance(telemetry.metrics_host) == "far" else warning
    yield tell(
        f"Metrics are told to everybody who reaches {telemetry.metrics_host}.",
        why="They show who is how busy, what fails, and what is installed.",
        fix="Set a token, which Prometheus shows, or listen on 127.0.0.1 (ESTEIO_TELEMETRY__METRICS_HOST).",
        variable="ESTEIO_TELEMETRY__METRICS_TOKEN",
    )


async def documents(patient: Patient) -> AsyncIterator[Finding]:
    http = patient.settings.http
    pages = {"ESTEIO_HTTP__SWAGGER_UI": http.swagger_ui, "ESTEIO_HTTP__REDOC": http.redoc}
    for variable, shown in pages.items():
        if shown:
            yield note(
                f"A page of documents is served to everybody ({variable.rpartition('__')[2].lower()}).",
                why="It shows strangers every operation; that is meant for a public API, and for no other.",
                fix="Set it to false unless the API is public.",
                variable=variable,
            )


async def limits(patient: Patient) -> AsyncIterator[Finding]:
    if not patient.settings.limits.enabled:
        yield error(
            "Nobody's calls are limited.",
            why="One caller can use up what all share, and guess credentials as fast as the machine answers.",
            fix="Unset it.",
            variable="ESTEIO_LIMITS__ENABLED",
        )
