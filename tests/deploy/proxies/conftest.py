"""Two API processes of one deployment, for a proxy to stand before."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.cli.command import Server, serving
from tests.deploy.proxies.front import NAME, Certificate, Front, Plan, caddy, nginx, nginx_program
from tests.house import environment, unused_port

CADDY = Path(sys.executable).with_name("caddy")
MIB = 1_048_576


@dataclass(frozen=True)
class Deployment:
    """Two processes, the settings that they share, and the ports of whatever stands before them."""

    servers: tuple[Server, Server]
    settings: dict[str, str]
    plan: Plan

    def logged(self) -> str:
        return "".join(server.text for server in self.servers)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For `localhost`, of an authority that this run of the tests has made."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    made = Certificate(folder / "chain.pem", folder / "key.pem", folder / "authority.pem")
    issued.private_key_pem.write_to_path(made.key)
    authority.cert_pem.write_to_path(made.authority)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(made.chain, append=True)
    return made


@pytest.fixture(scope="module", autouse=True)
def trusted(certificate: Certificate) -> Iterator[None]:
    """Every client of these tests trusts that authority: OpenSSL and Go look at the same variable."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "SSL_CERT_FILE", str(certificate.authority))
        yield


def deployed(database_url: str, redis_url: str, https: int, **changes: str) -> dict[str, str]:
    """The settings that docs/proxies.md asks for."""
    return environment(
        database_url,
        redis_url,
        HTTP__PUBLIC_URL=f"https://{NAME}:{https}",
        HTTP__TRUSTED_PROXIES="127.0.0.1/32",
        HTTP__TRUSTED_HOSTS=NAME,
        HTTP__DRAIN_NOTICE="3",
        HTTP__DRAIN_SECONDS="20",
        TELEMETRY__LOG_FORMAT="json",
        LIMITS__DEFAULT="1000000/minute",
        JOBS__ENQUEUE_LIMIT="100000/minute",
        **changes,
    )


@pytest.fixture(scope="module")
def deployment(
    new_database: Callable[[], str],
    new_redis: Callable[[], str],
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    files = tmp_path_factory.mktemp("files")
    ports = [unused_port() for _ in range(4)]
    plan = Plan(certificate, ports[0], ports[1], ports[2:], {"local/wall.conf": ("rate=100r/s", "rate=10000r/s")})
    more = {"FILES__URL": f"file://{files}", "PETSTORY__PHOTO_BYTES": str(32 * MIB), "PETSTORY__PHOTO_SIDE": "1"}
    settings = deployed(new_database(), new_redis(), plan.https, **more)
    with ExitStack() as stack:
        first, second = (stack.enter_context(serving(port, environment=settings)) for port in plan.upstreams)
        yield Deployment((first, second), settings, plan)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def front(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Front]:
    """The proxy before them: one after the other."""
    if request.param == "caddy":
        if not CADDY.exists():
            pytest.skip("Caddy is not installed here: it comes with the development tools on Linux")
        with caddy(CADDY, deployment.plan) as running:
            yield running
        return
    need_nginx()
    with nginx(deployment.plan) as running:
        yield running


@pytest.fixture(scope="module")
def shield(deployment: Deployment) -> Iterator[Front]:
    """nginx before them."""
    need_nginx()
    with nginx(deployment.plan) as running:
        yield running


def need_nginx() -> None:
    if nginx_program() is None:
        pytest.skip("nginx is not installed here: apt-get install nginx")
