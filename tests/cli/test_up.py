"""`esteio up` from an empty directory to a house that answers, and back."""

import json
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from esteio.catalog import SHIPPED
from esteio.cli.parties import SENDER, stand_ins
from esteio.cli.up import revision_files, surroundings_of
from esteio.embedded.address import Address
from esteio.embedded.stand_ins import Place
from esteio.runtime.opening import migration_folders
from esteio.settings import read_settings
from tests.cli.command import COMMAND, NOWHERE, SOON, all_gone, surroundings
from tests.house import AMPLE, NO_TLS, nobody
from tests.logs.kept import keep_file

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
        keep_file(place / "log", objects=False)


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
        with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=AMPLE, verify=NO_TLS) as client:
            made = client.post("/api/v2/pets", json={"name": "First", "species": "cat"})
            assert made.status_code == 201, made.text
            assert made.headers["location"].endswith(made.json()["data"]["id"])
            for page in ("Docs", "Console", "PetStory", "Outages"):
                shown = client.get(credential(told, page), headers={"Accept": "text/html"}, follow_redirects=True)
                assert (shown.status_code, shown.headers["content-type"][:9]) == (200, "text/html"), page
        body = {"email": credential(told, "E-mail"), "password": credential(told, "Password")}
        tokens = httpx.post(f"{url}/api/v2/auth/login", json=body, timeout=AMPLE).json()["data"]
        held = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert httpx.get(f"{url}/api/v2/users", headers=held, timeout=AMPLE).status_code == 200
        shop = credential(told, "FakeStore").removesuffix(" (stand-in)")
        assert credential(told, "Mails") == str(place / "data" / "mails")
        assert len(httpx.get(f"{shop}/products", timeout=AMPLE).json()) == 20
        family = psutil.Process(process.pid).children(recursive=True)
        parties_are_found(url, place / "data", family)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, (place / "log").read_text()
        assert all_gone(family, SOON)
    assert key not in (place / "log").read_text()
    assert not (place / "data" / "stand-ins.json").exists()
    elsewhere = {
        "ESTEIO_STORE__UPSTREAM_URL": nobody(),
        "MERCADOPAGO_ACCESS_TOKEN": "TEST-of-the-operator",
        "MERCADOPAGO_WEBHOOK_SECRET": "of-the-operator",
        "SMTP_SERVER": "127.0.0.1",
        "EMAIL_FROM": "house@example.org",
        "ESTEIO_AUTH__ISSUERS": "[]",
    }
    with up(place, free_port, "--workers", "2", "--demo", **elsewhere) as (process, told):
        assert "Password" not in told
        assert "API key" not in told
        assert "stand-in" not in told
        pets = httpx.get(f"{url}/api/v2/pets?name=First", headers={"X-API-Key": key}, timeout=AMPLE).json()["data"]
        assert [pet["name"] for pet in pets] == ["First"]
        family = psutil.Process(process.pid).children(recursive=True)
        assert not any("standin" in one.cmdline() for one in family)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0, (place / "log").read_text()
        assert all_gone(family, SOON)
    assert "Traceback" not in (place / "log").read_text()
    assert "samples could not be put in" not in (place / "log").read_text()


def parties_are_found(url: str, data: Path, family: list[psutil.Process]) -> None:
    """Each party's processes know where it is, and what both sides know, from their environment only.

    Who signed in at the issuer may do what users may.
    """
    told = json.loads((data / "stand-ins.json").read_text())
    assert [*told] == ALL
    assert told["SMTP"]["mails"] == str(data / "mails")
    workers = [one.environ() for one in family if {"worker", "serve"} & set(one.cmdline())]
    assert len(workers) >= 2
    played = [one for one in family if "standin" in one.cmdline()]
    assert len(played) == len(ALL)
    secrets = {one.environ()["ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET"] for one in played}
    for environment in workers:
        assert environment["ESTEIO_PETSTORY__MERCADOPAGO_URL"] == told["MercadoPago"]["url"]
        assert {environment["ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET"]} == secrets
        assert environment["ESTEIO_MAIL__PORT"] == told["SMTP"]["url"].rpartition(":")[2]
    assert not any(secret in " ".join(one.cmdline()) for one in family for secret in secrets)
    token = workers[0]["ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN"]
    for bearer, status in ((token, 200), ("TEST-another", 401)):
        held = {"Authorization": f"Bearer {bearer}"}
        found = httpx.get(told["MercadoPago"]["url"] + "/v1/payments/search", headers=held, timeout=AMPLE)
        assert found.status_code == status
    with smtplib.SMTP("127.0.0.1", int(workers[0]["ESTEIO_MAIL__PORT"]), timeout=AMPLE) as line:
        line.sendmail(workers[0]["ESTEIO_MAIL__FROM_ADDRESS"], ["a@example.org"], "Subject: Kept\r\n\r\n")
    someone = httpx.post(told["OIDC"]["control"] + "/tokens", json={"person": "ana"}, timeout=AMPLE).json()["token"]
    held = {"Authorization": f"Bearer {someone}"}
    made = httpx.post(f"{url}/api/v2/pets", json={"name": "Hers", "species": "cat"}, headers=held, timeout=AMPLE)
    assert made.status_code == 201, made.text
    assert httpx.get(f"{url}/api/v2/users", headers=held, timeout=AMPLE).status_code == 403
    [kept] = httpx.get(told["SMTP"]["control"] + "/mails", timeout=AMPLE).json()
    assert (data / "mails" / f"{kept['id']}.eml").exists()


ALL = ["FakeStore", "MercadoPago", "SMTP", "OIDC"]


@pytest.mark.parametrize(
    ("environment", "file", "played"),
    [
        ({}, "", ALL),
        ({}, "ESTEIO_STORE__FRESH=60\nESTEIO_STORE__UPSTREAM_URL=\nSMTP_PORT=25\n", ALL),
        ({}, "ESTEIO_STORE__upstream_url=https://shop.example.org\n", ALL[1:]),
        ({"ESTEIO_STORE__UPSTREAM_URL": "https://shop.example.org", "SMTP_SERVER": ""}, "", ALL[1:]),
        ({}, "smtp_server=mail.example.org\n", ALL),
        ({"MERCADOPAGO_ACCESS_TOKEN": "TEST-1"}, "SMTP_SERVER=mail.example.org\n", ["FakeStore", "OIDC"]),
        ({"ESTEIO_MAIL__SERVER": "localhost"}, "ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN=A\n", ["FakeStore", "OIDC"]),
        ({}, "ESTEIO_AUTH__ISSUERS=[]\n", ALL[:3]),
    ],
    ids=["nowhere", "empty", "file", "environment", "no name of a setting", "short names", "long names", "no issuer"],
)
def test_a_stand_in_is_played_only_where_no_party_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], file: str, played: list[str]
) -> None:
    """An address in the environment or in `.env` is used, in all spellings that the settings know."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text(file)
    assert [part.name for part in stand_ins()] == played


def test_a_party_whose_library_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the house has no mail server, and says so with the way to get one; the others are played."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    said: list[str] = []
    assert [part.name for part in stand_ins(said.append)] == ["FakeStore", "MercadoPago", "OIDC"]
    assert said == ["no SMTP is played, for aiosmtpd is missing: pip install 'esteio[embedded]'."]


def test_what_the_parties_are_found_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are new for each run and last for it; a sender of the operator's is kept; ports are the party's."""
    monkeypatch.chdir(tmp_path)
    place = Place(Address("127.0.0.1", 4001), Address("127.0.0.1", 4002), tmp_path / "mails", "smtp")
    _, market, mail, issuer = stand_ins()
    once, again = market.variables(place), market.variables(place)
    another = stand_ins()[1].variables(place)
    assert once == again
    for name in ("ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN", "ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET"):
        assert len(once[name]) > 40
        assert once[name] != another[name]
        assert once[name] not in " ".join(market.command(place))
    assert mail.variables(place) == {
        "ESTEIO_MAIL__SERVER": "127.0.0.1",
        "ESTEIO_MAIL__PORT": "4001",
        "ESTEIO_MAIL__TLS": "none",
        "ESTEIO_MAIL__USER": "",
        "ESTEIO_MAIL__PASSWORD": "",
        "ESTEIO_MAIL__FROM_ADDRESS": SENDER,
    }
    assert mail.command(place)[-2:] == ("--folder", str(tmp_path / "mails"))
    assert {"4001", "4002"} <= set(mail.command(place))
    house = Place(Address("127.0.0.1", 4003), Address("127.0.0.1", 4004), tmp_path)
    needed = {"ESTEIO_SECRET_KEY": "x" * 40, "ESTEIO_DATABASE__URL": "postgresql://x@h/d"}
    needed |= {"ESTEIO_REDIS__URL": "redis://h/0"} | issuer.variables(house)
    [known] = read_settings({}, needed, tmp_path / ".env").auth.issuers
    assert (known.issuer, known.tenant, known.default_role) == ("http://127.0.0.1:4003", "default", "user")
    (tmp_path / ".env").write_text("EMAIL_FROM=books@example.org\n")
    assert "ESTEIO_MAIL__FROM_ADDRESS" not in stand_ins()[2].variables(place)


def test_a_login_goes_to_no_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password of the operator's, by whatever names, are told to nobody while their server is not named."""
    monkeypatch.chdir(tmp_path)
    place = Place(Address("127.0.0.1", 4001), Address("127.0.0.1", 4002), tmp_path / "mails", "smtp")
    file = tmp_path / ".env"
    file.write_text("SMTP_PASSWORD=hush-password\nEMAIL_FROM=books@example.org\n")
    needed = {"ESTEIO_SECRET_KEY": "x" * 40, "ESTEIO_DATABASE__URL": "postgresql://x@h/d"}
    needed |= {"ESTEIO_REDIS__URL": "redis://h/0", "ESTEIO_MAIL__USER": "books"}
    mail = read_settings({}, needed | stand_ins()[2].variables(place), file).mail
    assert (mail.server, mail.user, mail.password.get_secret_value()) == ("127.0.0.1", "", "")


@pytest.mark.parametrize("own", ["ESTEIO_HTTP__PUBLIC_URL", "API_BASE_URL"])
def test_links_lead_to_where_the_house_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str) -> None:
    """Every process is told the address of this run, unless the operator said where it is seen from outside."""
    monkeypatch.chdir(tmp_path)
    assert surroundings_of(Address("0.0.0.0", 8123))["ESTEIO_HTTP__PUBLIC_URL"] == "http://127.0.0.1:8123"
    (tmp_path / ".env").write_text(f"{own}=https://books.example.org\n")
    assert "ESTEIO_HTTP__PUBLIC_URL" not in surroundings_of(Address("127.0.0.1", 8123))


def test_every_revision_is_looked_at() -> None:
    """No migration of the house or of a shipped service is overlooked when it is asked whether there are others."""
    assert set(revision_files()) == {file for folder in migration_folders(SHIPPED) for file in folder.glob("*.py")}
