"""Backups of `esteio up`: what its processes are given is enough to make one."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import httpx
import orjson
import psutil

from tests.cli.command import COMMAND, NOWHERE, run, surroundings
from tests.house import AMPLE, eventually, unused_port
from tests.logs.kept import keep_file

START_SECONDS = 120


def test_a_backup_of_up(tmp_path: Path) -> None:
    """Its processes have a place and a role for backups, and a backup made with these has the tenants' rows."""
    port, data = unused_port(), Path(tempfile.mkdtemp(prefix="esteio-test-up-"))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", str(port), "--workers", "1", "--data-dir", str(data)],
            env=surroundings({}),
            cwd=NOWHERE,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        eventually(lambda: ready(port), START_SECONDS)
        worker = eventually(lambda: working(process.pid), START_SECONDS)
        given = {name: text for name, text in worker.environ().items() if name.startswith("ESTEIO_")}
        given.pop("ESTEIO_LIFELINE_FD")
        made = run("backup", "create", "--json", environment=given)
        assert made.code == 0, made.said
        told = orjson.loads(made.out)
        assert told["rows"] > 0
        manifest = orjson.loads((data / "backups" / told["id"] / "manifest.json").read_bytes())["manifest"]
        rows = {table["name"]: table["rows"] for table in manifest["tables"]}
        assert rows["public.memberships"] == 1  # the first administrator's, of whom policies tell nobody
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        keep_file(tmp_path / "log", objects=False)
        shutil.rmtree(data, ignore_errors=True)


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=AMPLE).status_code == 200
    except httpx.HTTPError:
        return False


def working(pid: int) -> psutil.Process | None:
    for one in psutil.Process(pid).children(recursive=True):
        if one.status() != psutil.STATUS_ZOMBIE and "worker" in one.cmdline():
            return one
    return None
