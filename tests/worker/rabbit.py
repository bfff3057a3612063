"""A RabbitMQ of the test's own: free loopback ports, its own data, cookie and port mapper, nothing left of it."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.house import AMPLE, eventually, unused_port

# Debian's command changes to an account of its own first; the program behind it does not.
SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or shutil.which("rabbitmq-server")
MAPPER = shutil.which("epmd")
START_SECONDS = 120.0

CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
loopback_users = none
log.console = true
log.console.level = warning
log.file = false
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 10MB
"""


@dataclass
class Rabbit:
    """A running one; frozen, it keeps its connections and answers nothing."""

    url: str
    server: subprocess.Popen[bytes]

    def freeze(self) -> None:
        for one in _family(self.server):
            one.suspend()

    def thaw(self) -> None:
        for one in _family(self.server):
            one.resume()


@contextmanager
def rabbit() -> Iterator[Rabbit]:
    """A RabbitMQ for the time of a block."""
    place = Path(tempfile.mkdtemp(prefix="esteio-test-rabbit-"))
    port, environment = unused_port(), _environment(place)
    (place / "rabbitmq.conf").write_text(CONFIGURATION.format(port=port))
    (place / "enabled_plugins").write_text("[].\n")
    assert SERVER
    assert MAPPER
    mapper = subprocess.Popen([MAPPER, "-address", "127.0.0.1"], env=environment, cwd=place)
    with (place / "said").open("wb") as said:
        server = subprocess.Popen(
            [SERVER], env=environment, cwd=place, stdout=said, stderr=said, start_new_session=True
        )
    try:
        eventually(lambda: _listens(server, port, place / "said"), START_SECONDS, every=0.1)
        yield Rabbit(f"amqp://guest:guest@127.0.0.1:{port}//", server)
    finally:
        _end(server)
        mapper.kill()
        mapper.wait()
        shutil.rmtree(place, ignore_errors=True)


def _environment(place: Path) -> Mapping[str, str]:
    cookie = place / ".erlang.cookie"
    cookie.write_text(os.urandom(10).hex())
    cookie.chmod(0o400)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(place),
        "LC_ALL": "C.UTF-8",
        "ERL_EPMD_PORT": str(unused_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"esteio{os.getpid()}@localhost",
        "RABBITMQ_DIST_PORT": str(unused_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        "RABBITMQ_CONFIG_FILE": str(place / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(place / "mnesia"),
        "RABBITMQ_LOG_BASE": str(place / "log"),
        "RABBITMQ_PID_FILE": str(place / "pid"),
    }


def _listens(server: subprocess.Popen[bytes], port: int, said: Path) -> bool:
    assert server.poll() is None, said.read_text()
    for one in _family(server):
        with suppress(psutil.Error):
            if any(
                line.laddr.port == port and line.status == psutil.CONN_LISTEN for line in one.net_connections("tcp")
            ):
                return True
    return False


def _family(server: subprocess.Popen[bytes]) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(server.pid)
        return [root, *root.children(recursive=True)]
    return []


def _end(server: subprocess.Popen[bytes]) -> None:
    family = _family(server)
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(signal.SIGTERM)
            one.resume()
    _, left = psutil.wait_procs(family, timeout=AMPLE)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=AMPLE)
    server.wait()
