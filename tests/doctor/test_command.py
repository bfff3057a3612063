"""`esteio doctor` as an operator calls it: exit codes, JSON, names of checks, and no secret anywhere."""

import socket
import time
from pathlib import Path

import orjson
import pytest

from esteio.doctor.catalogue import NAMES
from esteio.doctor.report import SCHEMA
from tests.cli.command import Run, run
from tests.doctor.patient import KEY, Sound

AWAY = ("--skip", "public-certificate", "--patience", "15")


def doctor(sound: Sound, *arguments: str, **changes: str) -> Run:
    return run("doctor", *AWAY, *arguments, environment=sound.settings(**changes))


def test_exit_codes(sound: Sound) -> None:
    """0 where nothing has to be mended, 1 for errors, 1 for warnings with --strict, 2 for a check that is none."""
    fine = doctor(sound)
    assert fine.code == 0, fine.said
    assert doctor(sound, "--strict").code == 1
    assert doctor(sound, "--only", "debug", DEBUG="true").code == 1
    assert doctor(sound, "--only", "debug", "--strict").code == 0
    assert doctor(sound, "--skip", "debug", "--only", "debug", DEBUG="true").code == 0
    stranger = doctor(sound, "--only", "no-such-check")
    assert (stranger.code, stranger.out) == (2, "")
    assert "no-such-check" in stranger.err and "--list" in stranger.err
    assert doctor(sound, "--patience", "soon").code == 2


def test_text_for_people(sound: Sound) -> None:
    """Each finding is told with what, why and what to do, the worst first, and one line sums up."""
    said = doctor(sound, "--only", "debug", "--only", "documents", DEBUG="true", HTTP__REDOC="true").out
    assert said.index("ERROR    debug: Debugging is on.") < said.index("NOTE     documents:")
    assert "-> Unset it. (ESTEIO_DEBUG)" in said
    assert said.splitlines()[-1] == "2 checks: 1 error, 1 note."


def test_json(sound: Sound) -> None:
    """One document with every check that was asked for, its findings, and what could not be seen."""
    told = orjson.loads(doctor(sound, "--json", DEBUG="true").out)
    assert set(told) == {"schema", "fine", "errors", "warnings", "notes", "checks"}
    assert (told["schema"], told["fine"], told["errors"]) == (SCHEMA, False, 1)
    assert [check["name"] for check in told["checks"]] == [name for name in NAMES if name != "public-certificate"]
    found = [item for check in told["checks"] for item in check["findings"]]
    assert len(found) == told["errors"] + told["warnings"] + told["notes"]
    assert {tuple(item) for item in found} == {("severity", "what", "why", "fix", "variable")}
    (debug,) = next(check for check in told["checks"] if check["name"] == "debug")["findings"]
    assert (debug["severity"], debug["variable"]) == ("error", "ESTEIO_DEBUG")


def test_list_names_every_check(sound: Sound) -> None:
    """Without a deployment the names and what each looks for are listed."""
    listed = run("doctor", "--list", environment={})
    assert listed.code == 0
    assert tuple(line.split()[0] for line in listed.out.splitlines()) == NAMES


def test_the_page_names_every_check() -> None:
    """docs/doctor.md names all checks there are, and none that there is not."""
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text().partition("## The checks")[2]
    rows = [line.split("|")[1] for line in page.partition("## The JSON")[0].splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in row.replace("`", " ").split()} == {"settings", *NAMES}


def test_settings_that_cannot_be_read(sound: Sound) -> None:
    """Without settings there is a finding and code 1; nothing is thrown at the operator."""
    done = run("doctor", environment={"ESTEIO_SECRET_KEY": "short"})
    assert done.code == 1, done.said
    assert "ERROR    settings: ESTEIO_DATABASE__URL is not set." in done.out
    assert "Traceback" not in done.said and "short" not in done.out.replace("too short", "")


SECRETS = {
    "SECRET_KEY": f"change-me-{KEY}",
    "DATABASE__URL": "postgresql://app:Pw1-of-the-database@127.0.0.1:1/esteio",
    "REDIS__URL": "redis://app:Pw2-of-redis-here@127.0.0.1:1/0",
    "JOBS__BROKER_URL": "amqp://app:Pw3-of-the-broker@127.0.0.1:1/",
    "AUTH__API_KEY": "Pw4-of-an-administrator",
    "AUTH__API_KEYS_ADDITIONAL": "Pw5-of-another-one,password-Pw6",
    "MAIL__SERVER": "127.0.0.1",
    "MAIL__PORT": "1",
    "MAIL__USER": "app",
    "MAIL__PASSWORD": "Pw7-of-the-mail",
    "MAIL__FROM_ADDRESS": "a@unreached.invalid",
    "PETSTORY__MERCADOPAGO_ACCESS_TOKEN": "Pw8-of-the-market",
    "PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": "Pw9-of-it",
    "FILES__URL": "s3://esteio-doctor",
    "FILES__S3_ENDPOINT": "http://127.0.0.1:1",
    "FILES__S3_ALLOW_HTTP": "true",
    "FILES__S3_ACCESS_KEY_ID": "PwA-of-the-store",
    "FILES__S3_SECRET_ACCESS_KEY": "PwB-of-the-store",
}


@pytest.mark.parametrize("form", ["--json", "--strict"])
def test_no_secret_is_told(sound: Sound, form: str) -> None:
    """Of all secrets, good and bad ones, of servers that refuse, not one stands in what is printed or logged."""
    done = doctor(sound, form, **SECRETS)
    assert done.code == 1, done.said
    assert "secret-key" in done.out and "passwords" not in done.err
    for name, value in SECRETS.items():
        for part in value.replace("@", ":").replace("/", ":").replace(",", ":").split(":"):
            if "Pw" in part or part == SECRETS["SECRET_KEY"]:
                assert part not in done.said, name
    assert KEY not in done.said


def test_the_process_ends_with_a_silent_server(sound: Sound) -> None:
    """The command ends by itself although servers say nothing, within some times the patience."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        done = run(
            "doctor",
            "--patience",
            "1",
            "--skip",
            "public-certificate",
            environment=sound.settings(
                DATABASE__URL=f"postgresql://a:v3Rk8wQz1LmX@127.0.0.1:{port}/esteio",
                REDIS__URL=f"redis://127.0.0.1:{port}",
            ),
        )
    assert done.code == 1, done.said
    assert "ERROR    database:" in done.out and "ERROR    redis:" in done.out
    assert time.monotonic() - began < 45
