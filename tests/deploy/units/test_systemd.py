"""The units of deploy/systemd: systemd itself reads them, rates them, and they promise what the processes need."""

import configparser
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from esteio.cli import serve, worker
from esteio.http.settings import HttpSettings
from esteio.jobs.kinds import QUEUES
from esteio.jobs.settings import JobSettings
from esteio.settings import read_settings

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = DEPLOY / "systemd"
SYSTEM = Path("/usr/lib/systemd/system")
KINDS = (".service", ".socket", ".timer", ".slice", ".target")
EXPOSURE = 1.2
"""The most that systemd may find a unit exposed, on its scale from 0 to 10."""

SERVICES = (
    "esteio-api@8001.service",
    *(f"esteio-worker@{queue}.service" for queue in QUEUES),
    "esteio-scheduler.service",
    "esteio-migrate.service",
    "esteio-backup.service",
)
OTHERS = ("esteio-api@8001.socket", "esteio-backup.timer", "esteio.slice", "esteio.target")

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_logrotate = pytest.mark.skipif(shutil.which("logrotate") is None, reason="logrotate is not installed")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The root of a machine on which the units, and the programs that they start, are installed."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in UNITS.iterdir():
        if unit.suffix in KINDS:
            shutil.copy(unit, units)
    shutil.copytree(UNITS / "esteio-.service.d", units / "esteio-.service.d")
    (tmp_path / "usr/lib/systemd/system").mkdir(parents=True)
    for target in SYSTEM.glob("*.target"):
        shutil.copy(target, tmp_path / "usr/lib/systemd/system")
    for program in ("opt/esteio/current/bin/esteio", "bin/kill"):
        place = tmp_path / program
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
    return tmp_path


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


def verified(root: Path) -> str:
    said = analyze("verify", f"--root={root}", "--man=no", *SERVICES, *OTHERS)
    return f"{said.returncode} {said.stdout}{said.stderr}".strip()


@needs_systemd
def test_systemd_has_nothing_to_say_about_any_unit(machine: Path) -> None:
    """Each unit, with the drop-ins, is read without a warning; every program that it names is there."""
    assert verified(machine) == "0"


@needs_systemd
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("Type=notify", "Type=notifies", "Failed to parse service type"),
        ("WatchdogSec=60", "WatchdogSecs=60", "WatchdogSecs"),
        ("current/bin/esteio serve", "current/bin/estio serve", "not executable"),
    ],
)
def test_systemd_would_have_something_to_say(machine: Path, right: str, wrong: str, said: str) -> None:
    """A unit with a mistake is found out, so that silence says something."""
    unit = machine / "etc/systemd/system/esteio-api@.service"
    unit.write_text(unit.read_text().replace(right, wrong))
    assert said in verified(machine)


@needs_systemd
@pytest.mark.parametrize("service", SERVICES)
def test_no_service_is_exposed(machine: Path, service: str) -> None:
    """systemd rates what a taken-over service could reach on the machine, and finds it next to nothing."""
    rated = analyze("security", "--offline=yes", "--no-pager", f"--root={machine}", service)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
    assert found is not None, rated.stdout + rated.stderr
    assert float(found[1]) <= EXPOSURE


@needs_systemd
def test_the_system_user_and_the_folders_can_be_made(tmp_path: Path) -> None:
    """systemd-sysusers and systemd-tmpfiles take their files, and the secrets' folder is root's alone."""
    if os.geteuid() != 0:
        pytest.skip("only root makes users")
    (tmp_path / "etc").mkdir()
    for program, file in (("systemd-sysusers", "sysusers.conf"), ("systemd-tmpfiles", "tmpfiles.conf")):
        more = ("--create",) if program == "systemd-tmpfiles" else ()
        text = (UNITS / file).read_text().replace(" adm ", " root ")
        copy = tmp_path / file
        copy.write_text(text)
        done = subprocess.run(
            [program, f"--root={tmp_path}", *more, str(copy)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
    account = next(line for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("esteio:"))
    assert account.endswith(":/var/lib/esteio:/usr/sbin/nologin")
    assert (tmp_path / "etc/esteio/credentials").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var/lib/esteio/files").stat().st_uid == int(account.split(":")[2])


class Unit(configparser.RawConfigParser):
    """A unit's text: keys as written, the last of several."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = lambda optionstr: optionstr  # type: ignore[method-assign]
        self.read_string((UNITS / name).read_text())


def seconds(span: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(h|min|s)?", span).groups()  # type: ignore[union-attr]
    return int(number) * {"h": 3600, "min": 60, "s": 1, None: 1}[unit]


def example() -> Iterator[tuple[str, str]]:
    for line in (UNITS / "esteio.env.example").read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            yield name, value


def test_the_time_to_end_is_longer_than_the_drain() -> None:
    """systemd kills nobody who still ends what was begun: with the defaults, and with the example's settings."""
    given = {
        "ESTEIO_SECRET_KEY": "s" * 40,
        "ESTEIO_DATABASE__URL": "postgresql://h/d",
        "ESTEIO_REDIS__URL": "redis://h",
    }
    told = read_settings(environ={**given, **dict(example())}, dotenv=Path("nowhere"))
    ends = seconds(Unit("esteio-api@.service")["Service"]["TimeoutStopSec"])
    for http in (told.http, HttpSettings()):
        assert ends >= http.drain_notice + http.drain_seconds + serve.TO_CLOSE + 5
    for jobs in (told.jobs, JobSettings()):
        assert seconds(Unit("esteio-worker@.service")["Service"]["TimeoutStopSec"]) >= jobs.drain + worker.TO_CLOSE + 5


def test_the_watchdog_is_more_patient_than_the_parent() -> None:
    """A worker that hangs is replaced alone; systemd ends the whole service only when its parent hangs."""
    given = {
        "ESTEIO_SECRET_KEY": "s" * 40,
        "ESTEIO_DATABASE__URL": "postgresql://h/d",
        "ESTEIO_REDIS__URL": "redis://h",
    }
    hang = read_settings(environ=given, dotenv=Path("nowhere")).hang_seconds
    for name in ("esteio-api@.service", "esteio-worker@.service"):
        assert seconds(Unit(name)["Service"]["WatchdogSec"]) > hang


@pytest.mark.parametrize("name", ["esteio-api@.service", "esteio-worker@.service", "esteio-scheduler.service"])
def test_services_come_back(name: str) -> None:
    """Each is started again when it dies, except where it refused to start; the signal to end is its parent's alone."""
    section = Unit(name)["Service"]
    assert (section["Type"], section["Restart"], section["RestartPreventExitStatus"]) == ("notify", "always", "2")
    assert section["KillMode"] == "mixed"
    assert "MemoryMax" in section
    assert "TasksMax" in section


def test_secrets_are_no_variables() -> None:
    """No unit and no example sets a secret: each comes as a credential, under the name that the settings read."""
    drop_in = (UNITS / "esteio-.service.d/hardened.conf").read_text()
    for name, variable in (
        ("secret_key", "ESTEIO_SECRET_KEY"),
        ("database_url", "ESTEIO_DATABASE__URL"),
        ("redis_url", "ESTEIO_REDIS__URL"),
    ):
        assert f"LoadCredential={name}:/etc/esteio/credentials/{name}\n" in drop_in
        assert f"Environment={variable}_FILE=%d/{name}\n" in drop_in
        assert variable not in dict(example())


STAND_IN = """#!/bin/sh
export CREDENTIALS_DIRECTORY="$HOME/given"
mkdir "$CREDENTIALS_DIRECTORY"
while :; do
    case "$1" in
        --property=LoadCredential=*) credential=${1#--property=LoadCredential=}
            cp "${credential#*:}" "$CREDENTIALS_DIRECTORY/${credential%%:*}" ;;
        --*) echo "$1" >> "$HOME/options" ;;
        *) break ;;
    esac
    shift
done
exec "$@"
"""


@pytest.mark.parametrize("backup", [False, True])
def test_an_operator_is_given_what_the_services_are(tmp_path: Path, backup: bool) -> None:
    """A command that root types runs as the services' user with their settings, and finds each secret in a file."""
    secrets = ["secret_key", "database_url", "redis_url", *(["backup_database_url"] if backup else [])]
    (tmp_path / "credentials").mkdir()
    for name in secrets:
        (tmp_path / "credentials" / name).write_text(f"the {name}")
    told = 'env | sed -n "s/^ESTEIO_.*_FILE=//p" | while read -r file; do cat "$file"; echo; done\n'
    for place, text in (("systemd-run", STAND_IN), ("house", f'#!/bin/sh\nprintf "%s\\n" "$@"\n{told}')):
        (tmp_path / place).write_text(text)
        (tmp_path / place).chmod(0o755)
    script = (UNITS / "as-service.sh").read_text()
    for real, here in (
        ("/opt/esteio/current/bin/esteio", tmp_path / "house"),
        ("/etc/esteio/credentials", tmp_path / "credentials"),
        ("cd /var/lib/esteio", f"cd {tmp_path}"),
    ):
        assert real in script
        script = script.replace(real, str(here))
    done = subprocess.run(
        ["/bin/sh", "-c", script, "esteio", "jobs", "retry", "a b"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    words = done.stdout.splitlines()
    assert words[:3] == ["jobs", "retry", "a b"]
    assert sorted(words[3:]) == sorted(f"the {name}" for name in secrets)
    options = (tmp_path / "options").read_text().splitlines()
    assert {"--uid=esteio", "--property=EnvironmentFile=/etc/esteio/esteio.env"} <= set(options)


@needs_logrotate
def test_logs_in_files_are_turned_over(tmp_path: Path) -> None:
    """logrotate takes the file, cuts the log in place and keeps what it held; the writer goes on writing."""
    log = tmp_path / "api.log"
    text = (DEPLOY / "logrotate/esteio").read_text()
    text = text.replace("/var/log/esteio", str(tmp_path)).replace("    su esteio adm\n", "")
    (tmp_path / "config").write_text(text)
    (tmp_path / "config").chmod(0o644)
    with log.open("a") as writer:
        writer.write("first\n")
        writer.flush()
        done = subprocess.run(
            ["logrotate", "--force", "--state", str(tmp_path / "state"), str(tmp_path / "config")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        writer.write("second\n")
    assert log.read_text() == "second\n"
    [turned] = [one for one in tmp_path.iterdir() if one.name.startswith("api.log-")]
    assert turned.read_text() == "first\n"
