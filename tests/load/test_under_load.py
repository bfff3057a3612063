"""The scripts of the load tests run, and look at what they are answered: with OPS=full all of them, and for longer."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from bench.deployment import deployed
from bench.under_load import KINDS, Asked
from tests.deploy.proxies.front import nginx_program

FULL = os.environ.get("OPS") == "full"
ASKED = Asked(50, 60) if FULL else Asked(10, 5)
CHOSEN = ["mixed", "overload", "sockets", "later"] if FULL else ["mixed"]

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(nginx_program() is None, reason="nginx is not installed here: apt-get install nginx"),
    pytest.mark.skipif(
        shutil.which("k6", path=str(Path(sys.executable).parent)) is None,
        reason="k6 comes with the development tools on Linux",
    ),
]


@pytest.mark.parametrize("kind", CHOSEN)
def test_every_answer_is_right_under_load(kind: str) -> None:
    """Through nginx with TLS no answer is wrong, none is a 5xx and none is missing; how fast is told and not judged."""
    with deployed() as deployment:
        told = KINDS[kind](deployment, ASKED)
    print("\n".join(" | ".join(line.cells()) for line in told))
    exact = [line for line in told if line.bar in {"0", "0, 0, 0", "all"}]
    assert exact
    if kind == "overload":
        return
    assert [line for line in exact if line.met != "yes"] == []
