"""The logic of the pages, by their own tests."""

import re
import subprocess
import sys

from tests.console.visits import ROOT


def test_vitest() -> None:
    """Sessions, the live connection, uploads, words and all else that pages decide is as their own tests say."""
    command = [sys.executable, "hatch_build.py", "npm", "run", "--silent", "test", "--", "--reporter=dot"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]
    assert re.search(r"Tests .*\d+ passed", ran.stdout)
