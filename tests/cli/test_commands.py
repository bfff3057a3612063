"""The operator's commands, each as a process: what it does, what it says, how it ends."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from esteio.base.errors import Invalid, NotFound, StartRefused
from esteio.cli.main import cli
from tests.cli.command import Run, run
from tests.conftest import House
from tests.house import Served, sql

Command = Callable[..., Run]
PASSWORD = "correct horse battery staple"
REVISIONS = "SELECT version_num FROM alembic_version ORDER BY 1"


@pytest.fixture(scope="module")
def served(house: House, settings: dict[str, str]) -> Iterator[Served]:
    """The API of the deployment that the commands work on."""
    with house(database_url=settings["ESTEIO_DATABASE__URL"]) as running:
        yield running


def said_plainly(ended: Run, code: int) -> str:
    """A failure: this exit code, words on standard error only, no traceback."""
    assert ended.code == code, ended.said
    assert ended.out == ""
    assert "Traceback" not in ended.err
    return ended.err


Call = Callable[..., BaseException | None]


@pytest.fixture
def call(settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Runs a command in this process, which is faster, and gives what it raised: `main` makes the exit code of it."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda *arguments, said="": CliRunner().invoke(cli, arguments, input=said, env=settings).exception
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class TestMigrate:
    def test_a_database_is_brought_to_head_once(self, esteio: Command, empty_database: str) -> None:
        """The first run applies everything and says what, the second nothing; `--check` tells before and after."""
        there = {"ESTEIO_DATABASE__URL": empty_database}
        pending = esteio("migrate", "--check", **there)
        assert (pending.code, pending.out) == (1, "Migrations are pending: run `esteio migrate`.\n")
        first, second = esteio("migrate", **there), esteio("migrate", **there)
        assert (first.code, second.code) == (0, 0), first.said
        applied = [line.removeprefix("applied ") for line in first.err.splitlines() if line.startswith("applied ")]
        assert set(applied) >= {row[0] for row in sql(empty_database, REVISIONS)}
        assert "applied" not in second.said
        done = esteio("migrate", "--check", **there)
        assert (done.code, done.out) == (0, "The database is at head.\n")

    def test_a_database_of_a_newer_version_is_left_alone(self, esteio: Command, new_database: Command) -> None:
        """What this installation does not know is not touched: exit code 2 and the revision's name."""
        url: str = new_database()  # type: ignore[assignment]
        sql(url, "INSERT INTO alembic_version VALUES ('9999_from_the_future')")
        before = sql(url, REVISIONS)
        assert "9999_from_the_future" in said_plainly(esteio("migrate", ESTEIO_DATABASE__URL=url), 2)
        assert sql(url, REVISIONS) == before

    def test_a_database_that_is_away_is_told_in_a_sentence(self, esteio: Command) -> None:
        """Exit code 1 and words, not a traceback; the password of the address is not among them."""
        away = {"ESTEIO_DATABASE__URL": "postgresql://esteio:hush@127.0.0.1:1/esteio"}
        for command in ("migrate",), ("keys", "list"):
            words = said_plainly(esteio(*command, **away), 1)
            assert words.startswith("esteio: The database is unavailable.")
            assert "hush" not in words


class TestUsers:
    def test_an_administrator_can_log_in(self, esteio: Command, served: Served) -> None:
        """`users create --admin` makes an account that may administer; its password is read from standard input."""
        made = esteio("users", "create", "--admin", "--email", "Boss@Example.org", "--password-stdin", said=PASSWORD)
        assert (made.code, made.out) == (0, "boss@example.org can log in now (admin).\n"), made.said
        body = {"email": "boss@example.org", "password": PASSWORD}
        tokens = served.anonymous.post("/api/v2/auth/login", json=body).json()["data"]
        held = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert served.anonymous.get("/api/v2/users", headers=held).status_code == 200

    def test_an_address_is_taken_once(self, esteio: Command) -> None:
        """The second account of an address is refused with exit code 1."""
        arguments = ("users", "create", "--email", "once@example.org", "--password-stdin")
        assert esteio(*arguments, said=PASSWORD).code == 0
        said_plainly(esteio(*arguments, said=PASSWORD), 1)

    @pytest.mark.parametrize(
        ("email", "password", "options", "kind"),
        [
            ("nobody", PASSWORD, (), StartRefused),
            ("short@example.org", "hush", (), StartRefused),
            ("none@example.org", "", (), StartRefused),
            ("tenant@example.org", PASSWORD, ("--tenant", "nowhere"), NotFound),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, call: Call, email: str, password: str, options: tuple[str, ...], kind: type[Exception]
    ) -> None:
        """A bad address, password or tenant is refused in words, and the password is not among them."""
        refusal = call("users", "create", "--email", email, "--password-stdin", *options, said=password)
        assert type(refusal) is kind
        assert "hush" not in str(refusal)
        assert PASSWORD not in str(refusal)

    def test_the_password_is_not_taken_from_the_command_line(self, esteio: Command) -> None:
        """Without `--password-stdin` nothing is made: other users of the machine can read command lines."""
        refused = esteio("users", "create", "--email", "seen@example.org")
        assert refused.code == 2
        assert "--password-stdin" in refused.err


class TestKeys:
    def test_a_key_lives_from_create_to_revoke(self, esteio: Command, served: Served) -> None:
        """A created key works at once, is listed without its text, and works no more once revoked."""
        made = json.loads(esteio("keys", "create", "--name", "robot", "--scopes", "pets:write", "--json").out)
        with served.with_key(made["key"]) as client:
            assert client.post("/api/v2/pets", json={"name": "Cli", "species": "dog"}).status_code == 201
            listed = json.loads(esteio("keys", "list", "--json").out)
            found = next(key for key in listed if key["id"] == made["id"])
            assert (found["name"], found["scopes"]) == ("robot", ["pets:write"])
            table = esteio("keys", "list").out
            assert "robot" in table
            assert made["key"] not in table + json.dumps(listed)
            revoked = esteio("keys", "revoke", found["public_id"])
            assert (revoked.code, revoked.out) == (0, f"{found['public_id']} (robot) is revoked.\n")
            assert client.post("/api/v2/pets", json={"name": "Cli", "species": "dog"}).status_code == 401

    def test_a_key_is_printed_alone(self, esteio: Command, served: Served) -> None:
        """Without `--json` the text of the key is all that is printed, fit for a shell variable."""
        made = esteio("keys", "create", "--name", "alone", "--scopes", "pets:write,pets:delete", "--test")
        assert made.code == 0
        assert made.out.startswith("est_test_")
        with served.with_key(made.out.strip()) as client:
            assert client.get("/api/v2/auth/me").status_code == 200

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            (("create", "--name", "x", "--scopes", "pets:fly"), Invalid),
            (("create", "--name", "", "--scopes", "pets:write"), StartRefused),
            (("create", "--name", "x", "--scopes", "pets:write", "--plan", "none"), Invalid),
            (("revoke", "key_none"), NotFound),
            (("list", "--tenant", "nowhere"), NotFound),
        ],
    )
    def test_what_cannot_be_is_refused(self, call: Call, arguments: tuple[str, ...], kind: type[Exception]) -> None:
        """An unknown scope, plan, key or tenant is refused."""
        assert type(call("keys", *arguments)) is kind


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_openapi_document(esteio: Command, served: Served, version: str) -> None:
    """The printed document is the one that the API serves."""
    printed = esteio("openapi", "--version", version, ESTEIO_HTTP__PUBLIC_URL="https://api.example.org")
    assert printed.code == 0, printed.err
    assert json.loads(printed.out) == served.anonymous.get(f"/api/{version}/openapi.json").json()


class TestCheckConfig:
    def test_a_good_configuration(self, esteio: Command) -> None:
        """Exit code 0; in production there is advice."""
        aliases = {"DATABASE_URL": "postgresql+asyncpg://u:p@h/d", "REDIS_URL": "redis://h"}
        good = run("check-config", environment={"ESTEIO_SECRET_KEY": "x" * 40, **aliases})
        assert (good.code, good.out) == (0, "The configuration can be used.\n")
        advised = esteio("check-config", ESTEIO_ENVIRONMENT="production", RATE_LIMIT_ENABLED="false", DEBUG="1")
        assert advised.code == 0
        for name in ("ESTEIO_HTTP__TRUSTED_HOSTS", "ESTEIO_DEBUG", "ESTEIO_LIMITS__ENABLED"):
            assert f"advice: {name}" in advised.out

    def test_a_bad_configuration(self, esteio: Command) -> None:
        """Exit code 2 and a sentence for each mistake, which shows no secret."""
        wrong = {
            "ESTEIO_HTTP__BODY_LIMIT": "much",
            "REDIS_TTL": "long",
            "ESTEIO_HTTP__REDOK": "1",
            "ESTEIO_SECRET_KEY": "hush-hush",
        }
        sentence = said_plainly(esteio("check-config", **wrong), 2)
        for words in (
            "ESTEIO_HTTP__BODY_LIMIT is not acceptable (it is 'much')",
            "REDIS_TTL is not acceptable (it is 'long')",
            "ESTEIO_HTTP__REDOK is not a setting of Esteio. Did you mean ESTEIO_HTTP__REDOC?",
            "ESTEIO_SECRET_KEY is not acceptable (9 characters, not shown)",
        ):
            assert words in sentence
        assert "hush" not in sentence
