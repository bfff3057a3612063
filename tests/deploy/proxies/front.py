"""The proxies of deploy/ as they are shipped, on ports of this test and with certificates of its own."""

import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.house import eventually
from tests.logs.kept import keep_file

DEPLOY = Path(__file__).parents[3] / "deploy"
NAME = "localhost"
SECONDS = 30.0
ROOMY = "100r/s", "10000r/s"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: the certificate with its chain, its key, and who vouches for it."""

    chain: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class Plan:
    """Where a proxy listens and what it stands before. `changes` replace words of a shipped file, each named once.

    `connections` are nginx's in all, to callers and to upstreams: one who listens takes two. The shipped number may be
    more than an ordinary user may open.
    """

    certificate: Certificate
    https: int
    http: int
    upstreams: Sequence[int]
    changes: Mapping[str, tuple[str, str]]
    connections: int = 1000


@dataclass(frozen=True)
class Front:
    """A running proxy."""

    kind: str
    https: int
    http: int
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.https}"

    @property
    def log(self) -> Path:
        """The access log."""
        return self.folder / "logs" / "esteio.log"

    @property
    def said(self) -> str:
        """What the proxy complained of."""
        return (self.folder / "said.txt").read_text() + (self.folder / "logs" / "error.log").read_text()


def nginx_program() -> str | None:
    """Where Debian's nginx is; its folder is seldom in the path of an ordinary user."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def render_nginx(folder: Path, plan: Plan) -> Path:
    """The shipped files with their paths, ports and names replaced, and nothing else; the main one."""
    place = folder / "nginx"
    shutil.copytree(DEPLOY / "nginx", place)
    (folder / "logs").mkdir()
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
    types = next(
        path for path in (Path("/etc/nginx/mime.types"), Path("/usr/local/nginx/conf/mime.types")) if path.exists()
    )
    _replace(
        place / "nginx.conf",
        {
            "user www-data;\n": "",
            "/run/nginx.pid": f"{folder}/nginx.pid",
            "/var/log/nginx/": f"{folder}/logs/",
            "worker_processes auto": "worker_processes 1",
            "worker_rlimit_nofile 65536;\n": "",
            "16384": str(plan.connections),
            "include mime.types;": f"include {types};\n{temporary}",
        },
    )
    _replace(place / "esteio/servers.conf", {"/var/log/nginx/": f"{folder}/logs/"})
    local = place / "esteio/local"
    certificate = plan.certificate
    _replace(
        local / "site.conf",
        {
            "api.example.org;": f"{NAME};",
            "/etc/ssl/esteio/fullchain.pem": str(certificate.chain),
            "/etc/ssl/esteio/privkey.pem": str(certificate.key),
        },
    )
    _replace(
        local / "listen.conf", {"listen [::]:443 ssl http2;\n": "", "listen 443": f"listen 127.0.0.1:{plan.https}"}
    )
    _replace(local / "redirect.conf", {"listen [::]:80;\n": "", "listen 80": f"listen 127.0.0.1:{plan.http}"})
    _replace(
        local / "upstreams.conf",
        {f"127.0.0.1:{8001 + place}": f"127.0.0.1:{port}" for place, port in enumerate(plan.upstreams)},
    )
    for name, (old, new) in plan.changes.items():
        _replace(place / "esteio" / name, {old: new})
    return place / "nginx.conf"


def _replace(path: Path, words: Mapping[str, str]) -> None:
    text = path.read_text()
    for old, new in words.items():
        assert old in text, f"{path.name} does not say {old!r}"
        text = text.replace(old, new)
    path.write_text(text)


@contextmanager
def nginx(plan: Plan) -> Iterator[Front]:
    """The shipped nginx, answering."""
    program = nginx_program()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="esteio-nginx-") as name:
        folder = Path(name)
        main = render_nginx(folder, plan)
        with _running("nginx", [program, "-c", str(main), "-g", "daemon off;"], plan, folder, {}) as front:
            yield front


@contextmanager
def caddy(program: Path, plan: Plan) -> Iterator[Front]:
    """The shipped Caddyfile, answering."""
    with tempfile.TemporaryDirectory(prefix="esteio-caddy-") as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        (folder / "logs" / "error.log").touch()
        with _running(
            "caddy",
            [str(program), "run", "--config", str(DEPLOY / "caddy/Caddyfile")],
            plan,
            folder,
            caddy_environment(plan, folder),
        ) as front:
            yield front


def caddy_environment(plan: Plan, folder: Path) -> dict[str, str]:
    """What an operator tells the Caddyfile."""
    return {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PROXY_SITE": NAME,
        "PROXY_TLS": f"{plan.certificate.chain} {plan.certificate.key}",
        "PROXY_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in plan.upstreams),
        "PROXY_HTTP_PORT": str(plan.http),
        "PROXY_HTTPS_PORT": str(plan.https),
        "PROXY_ACCESS_LOG": str(folder / "logs" / "esteio.log"),
    }


@contextmanager
def _running(
    kind: str, command: Sequence[str], plan: Plan, folder: Path, environment: Mapping[str, str]
) -> Iterator[Front]:
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, env=dict(environment) or None
        )
    front = Front(kind, plan.https, plan.http, process, folder)
    try:
        eventually(lambda: _answers(front), SECONDS)
        yield front
    finally:
        process.terminate()
        process.wait(SECONDS)
        keep_file(front.log, objects=False)


def _answers(front: Front) -> bool:
    assert front.process.poll() is None, front.said
    try:
        return httpx.get(front.url + "/health", verify=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def line_to(front: Front) -> Iterator[ssl.SSLSocket]:
    """A connection with TLS, on which anything can be said."""
    with (
        socket.create_connection(("127.0.0.1", front.https), 10) as line,
        ssl.create_default_context().wrap_socket(line, server_hostname=NAME) as safe,
    ):
        yield safe
