"""The files of deploy/ for proxies, as the tools that own their formats judge them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.proxies.conftest import CADDY
from tests.deploy.proxies.front import DEPLOY, Certificate, Plan, caddy_environment

SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.mark.skipif(not CADDY.exists(), reason="Caddy comes with the development tools on Linux")
@pytest.mark.parametrize("words", [("validate", "--config"), ("fmt", "--diff")], ids=["valid", "formatted"])
def test_the_caddyfile(certificate: Certificate, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Caddy takes the file as it is shipped, and finds nothing to format."""
    plan = Plan(certificate, 8443, 8080, (8001, 8002), {})
    (tmp_path / "logs").mkdir()
    done = subprocess.run(
        [str(CADDY), *words, str(DEPLOY / "caddy/Caddyfile")],
        env=caddy_environment(plan, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [line for line in done.stdout.splitlines() if line.startswith(("+", "-"))]


@pytest.mark.skipif(not SHELLCHECK.exists(), reason="shellcheck comes with the development tools on Linux")
@pytest.mark.parametrize("script", ["rolling-restart.sh", "systemd/as-service.sh"])
def test_the_scripts(script: str) -> None:
    """shellcheck finds nothing in what an operator runs."""
    done = subprocess.run([str(SHELLCHECK), str(DEPLOY / script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
