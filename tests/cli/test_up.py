"""`esteio up` from an empty directory to a house that answers, and back."""

import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from esteio.catalog import SHIPPED
from esteio.cli.up import revision_files, stand_ins
from esteio.runtime.opening import migration_folders
from tests.cli.command import COMMAND, NOWHERE, SOON, all_gone, surroundings
from tests.house import nobody

SECONDS = 60.0


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="esteio-test-up-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def up(place: Path, port: int, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A house that said it is ready, and all that it printed until then."""
    command = [*COMMAND, "up", "--data-dir", str(place / "data"), "--port", str(port), *arguments]
    with (place / "log").open("a") as log:
        process = subprocess.Popen(
            command, env=surroundings(environment), cwd=NOWHERE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if line.startswith("Esteio is ready at"):
                break
        else:
            pytest.fail((place / "log").read_text())
        yield process, told
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


def credential(told: str, label: str) -> str:
    found = re.search(rf"^  {label} +(\S.*)$", told, re.MULTILINE)
    assert found, told
    return found[1]


def test_one_command_runs_the_whole_house(place: Path, free_port: int) -> None:
    """From nothing: the credentials that are shown once open the API, a stop leaves no process, the data stay."""
    url = f"http://127.0.0.1:{free_port}"
    with up(place, free_port) as (process, told):
        assert told.endswith(f"\nEsteio is ready at {url}\n")
        key = credential(told, "API key")
        with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=15) as client:
            made = client.post("/api/v2/pets", json={"name": "First", "species": "cat"})
            assert made.status_code == 201, made.text
            assert made.headers["location"].endswith(made.json()["data"]["id"])
            assert client.get("/docs").status_code == 200
        body = {"email": credential(told, "E-mail"), "password": credential(told, "Password")}
        tokens = httpx.post(f"{url}/api/v2/auth/login", json=body, timeout=15).json()["data"]
        held = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert httpx.get(f"{url}/api/v2/users", headers=held, timeout=15).status_code == 200
        shop = credential(told, "FakeStore").removesuffix(" (stand-in)")
        assert len(httpx.get(f"{shop}/products", timeout=15).json()) == 20
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("standin" in one.cmdline() for one in family)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, (place / "log").read_text()
        assert all_gone(family, SOON)
    assert key not in (place / "log").read_text()
    elsewhere = {"ESTEIO_STORE__UPSTREAM_URL": nobody()}
    with up(place, free_port, "--workers", "2", "--demo", **elsewhere) as (process, told):
        assert "Password" not in told
        assert "API key" not in told
        assert "stand-in" not in told
        pets = httpx.get(f"{url}/api/v2/pets?name=First", headers={"X-API-Key": key}, timeout=15).json()["data"]
        assert [pet["name"] for pet in pets] == ["First"]
        family = psutil.Process(process.pid).children(recursive=True)
        assert not any("standin" in one.cmdline() for one in family)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0, (place / "log").read_text()
        assert all_gone(family, SOON)
    assert "Traceback" not in (place / "log").read_text()
    assert "samples could not be put in" not in (place / "log").read_text()


@pytest.mark.parametrize(
    ("environment", "file", "played"),
    [
        ("", "", ["FakeStore"]),
        ("", "ESTEIO_STORE__FRESH=60\nESTEIO_STORE__UPSTREAM_URL=\n", ["FakeStore"]),
        ("", "ESTEIO_STORE__upstream_url=https://shop.example.org\n", []),
        ("https://shop.example.org", "", []),
    ],
    ids=["nowhere", "empty", "file", "environment"],
)
def test_a_stand_in_is_played_only_where_no_party_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, file: str, played: list[str]
) -> None:
    """An address in the environment or in `.env` is used, in all spellings that the settings know."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTEIO_STORE__UPSTREAM_URL", environment)
    (tmp_path / ".env").write_text(file)
    assert [part.name for part in stand_ins()] == played


def test_every_revision_is_looked_at() -> None:
    """No migration of the house or of a shipped service is overlooked when it is asked whether there are others."""
    assert set(revision_files()) == {file for folder in migration_folders(SHIPPED) for file in folder.glob("*.py")}
