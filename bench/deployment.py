"""A deployment as in production, on one machine: nginx with TLS, two API processes, workers, a scheduler."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import trustme

from bench import subject
from bench.engines import Engines, running
from bench.servers import ROOT, App, serving, stop
from tests.deploy.proxies.front import NAME, Certificate, Plan, nginx
from tests.house import eventually, unused_port

KEYS = 100
START_SECONDS = 90.0
WALL = {"local/networks.conf": ("# 10.0.0.0/8 1;", "127.0.0.0/8 1;")}
"""All load comes from one address here, which the wall would take for a flood."""
CONNECTIONS = 4000
"""Of nginx: 500 sockets alone take 1000, and with too few it resets the callers that it can least keep."""


@dataclass(frozen=True)
class Deployment:
    """`url` is nginx's. `processes` are those of the house, by name."""

    url: str
    keys: tuple[str, ...]
    engines: Engines
    environment: dict[str, str]
    processes: dict[str, psutil.Process]

    def resident(self) -> dict[str, int]:
        """Bytes of memory by process, children and all."""
        return {name: sum(one.memory_info().rss for one in _family(root)) for name, root in self.processes.items()}

    def descriptors(self) -> dict[str, int]:
        return {name: sum(one.num_fds() for one in _family(root)) for name, root in self.processes.items()}

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU so far, by process."""
        return {name: sum(sum(one.cpu_times()[:2]) for one in _family(root)) for name, root in self.processes.items()}


@dataclass
class _Started:
    stack: ExitStack
    found: dict[str, psutil.Process] = field(default_factory=dict)


@contextmanager
def deployed(**more: str) -> Iterator[Deployment]:
    """Everything, answering; `LIMITS__DEFAULT="10/minute"` is `ESTEIO_LIMITS__DEFAULT`."""
    with ExitStack() as stack:
        engines = stack.enter_context(running())
        certificate = _certificate(engines.directory)
        ports = [unused_port() for _ in range(4)]
        environment = _environment(engines, ports[0], more)
        keys = _keys(engines)
        started = _Started(stack)
        for port in ports[2:]:
            _serve(started, engines, environment, port)
        for command in (("worker", "--queues", "io"), ("worker", "--queues", "cpu"), ("scheduler",)):
            _run(started, engines, environment, command)
        front = stack.enter_context(nginx(Plan(certificate, ports[0], ports[1], ports[2:], WALL, CONNECTIONS)))
        started.found["nginx"] = psutil.Process(front.process.pid)
        yield Deployment(front.url, keys, engines, environment, started.found)


def _environment(engines: Engines, https: int, more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTEIO_")}
    files = engines.directory / "files"
    return kept | {
        **subject.environment(engines, subject.REDIS_DB),
        "ESTEIO_ENVIRONMENT": "production",
        "ESTEIO_LIMITS__DEFAULT": "60000/minute",
        "ESTEIO_HTTP__PUBLIC_URL": f"https://{NAME}:{https}",
        "ESTEIO_HTTP__TRUSTED_PROXIES": "127.0.0.1/32",
        "ESTEIO_HTTP__TRUSTED_HOSTS": NAME,
        "ESTEIO_FILES__URL": files.as_uri(),
        "ESTEIO_JOBS__ENQUEUE_LIMIT": "100000/minute",
        "ESTEIO_TELEMETRY__LOG_FORMAT": "json",
        "ESTEIO_UPSTREAM__ALLOWED_NETWORKS": "127.0.0.0/8",
        **{f"ESTEIO_{name}": value for name, value in more.items()},
    }


def _keys(engines: Engines) -> tuple[str, ...]:
    return asyncio.run(subject.prepare(engines, "esteio"))[:KEYS]


def _certificate(directory: Path) -> Certificate:
    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    made = Certificate(directory / "chain.pem", directory / "key.pem", directory / "authority.pem")
    issued.private_key_pem.write_to_path(str(made.key))
    authority.cert_pem.write_to_path(str(made.authority))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(made.chain), append=True)
    return made


def _serve(started: _Started, engines: Engines, environment: dict[str, str], port: int) -> None:
    name = f"api-{port}"
    app = App(name, ("-m", "esteio", "serve", "--port", str(port)), environment)
    server = started.stack.enter_context(serving(app, engines.directory, {}, port))
    started.found[name] = psutil.Process(server.process.pid)


def _run(started: _Started, engines: Engines, environment: dict[str, str], words: tuple[str, ...]) -> None:
    name = "-".join(word.strip("-") for word in words)
    errors = started.stack.enter_context((engines.directory / f"{name}.err").open("wb"))
    process = subprocess.Popen([sys.executable, "-m", "esteio", *words], cwd=ROOT, env=environment, stderr=errors)
    started.stack.callback(stop, process)
    started.found[name] = psutil.Process(process.pid)
    said = engines.directory / f"{name}.err"
    eventually(lambda: f'"{words[0]}.ready"' in said.read_text(), START_SECONDS)


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
