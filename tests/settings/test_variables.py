"""Settings as operators give them: by two names, in a file and in the environment, right and wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.limits.policy import rate
from esteio.runtime.opening import sections
from esteio.settings import Settings, read_settings
from esteio.settings.variables import ALIASES

SECRET = "a master secret of at least thirty-two characters"
NEEDED = {
    "ESTEIO_SECRET_KEY": SECRET,
    "ESTEIO_DATABASE__URL": "postgresql://esteio:hush-database@db.example.org/esteio",
    "ESTEIO_REDIS__URL": "redis://:hush-redis@cache.example.org/0",
}


def read(given: Mapping[str, str], dotenv: Path = Path("nowhere")) -> Settings:
    return read_settings(sections(SHIPPED), environ={**NEEDED, **given}, dotenv=dotenv)


def refusal(given: Mapping[str, str], needed: Mapping[str, str] = NEEDED) -> str:
    with pytest.raises(StartRefused) as caught:
        read_settings(sections(SHIPPED), environ={**needed, **given}, dotenv=Path("nowhere"))
    return str(caught.value)


def at(settings: Settings, section: str, name: str) -> Any:
    whole = settings.services.get(section) or (getattr(settings, section) if section else settings)
    found = getattr(whole, name)
    return found.get_secret_value() if hasattr(found, "get_secret_value") else found


OPERATORS_NAMES = {
    "API_VERSION": ("2.1.0", "2.1.0"),
    "RATE_LIMIT_ENABLED": ("false", False),
    "RATE_LIMIT_DEFAULT": ("60/minute", "60/minute"),
    "ENABLE_SWAGGER_UI": ("false", False),
    "ENABLE_REDOC": ("0", False),
    "TRUSTED_HOSTS": ("api.example.org, *.example.com", ("api.example.org", "*.example.com")),
    "CORS_ORIGINS": ("https://a.example.org,https://b.example.org", ("https://a.example.org", "https://b.example.org")),
    "DATABASE_URL": ("postgresql://x@h/d", "postgresql://x@h/d"),
    "REDIS_URL": ("rediss://h/2", "rediss://h/2"),
    "REDIS_TTL": ("60", 60),
    "ACCESS_TOKEN_EXPIRE_MINUTES": ("30", 30),
    "REFRESH_TOKEN_EXPIRE_DAYS": ("14", 14),
    "RADAR_API_KEY": ("a-key-of-an-operator", "a-key-of-an-operator"),
    "RADAR_API_KEYS_ADDITIONAL": ("second-key,third-key", "second-key,third-key"),
    "DEBUG": ("true", True),
    "SMTP_SERVER": ("smtp.example.org", "smtp.example.org"),
    "SMTP_PORT": ("465", 465),
    "SMTP_USER": ("books", "books"),
    "SMTP_PASSWORD": ("hush-mail", "hush-mail"),
    "EMAIL_FROM": ("books@example.org", "books@example.org"),
    "EMAIL_FROM_NAME": ("PetStory", "PetStory"),
    "GEMINI_API_KEY": ("hush-gemini", "hush-gemini"),
    "MERCADOPAGO_ACCESS_TOKEN": ("hush-token", "hush-token"),
    "MERCADOPAGO_PUBLIC_KEY": ("APP_USR-public", "APP_USR-public"),
    "MERCADOPAGO_WEBHOOK_SECRET": ("hush-webhooks", "hush-webhooks"),
    "API_BASE_URL": ("https://api.example.org", "https://api.example.org"),
    "TEMP_DIR": ("/var/tmp/esteio", "/var/tmp/esteio"),
    "WORKER_SLEEP_SECONDS": ("2.5", 2.5),
    "APP_NAME": ("Livros", "Livros"),
}
COMPANIONS = {
    "SMTP_SERVER": {"ESTEIO_MAIL__FROM_ADDRESS": "books@example.org"},
    "SMTP_USER": {"ESTEIO_MAIL__PASSWORD": "hush-mail"},
    "SMTP_PASSWORD": {"ESTEIO_MAIL__USER": "books"},
    "MERCADOPAGO_ACCESS_TOKEN": {"MERCADOPAGO_WEBHOOK_SECRET": "hush-webhooks"},
}
"""What some cannot be without."""


class TestNames:
    def test_every_name_that_operators_know_is_read(self) -> None:
        """The names of the products' contracts, no more and no fewer, are aliases."""
        assert set(ALIASES) == set(OPERATORS_NAMES)

    @pytest.mark.parametrize("name", OPERATORS_NAMES)
    def test_an_alias_sets_its_setting(self, name: str) -> None:
        """What the alias says is what its setting has."""
        text, value = OPERATORS_NAMES[name]
        needed = {key: value for key, value in NEEDED.items() if key != f"ESTEIO_{name.replace('_URL', '__URL')}"}
        settings = read_settings(
            sections(SHIPPED), environ={**needed, **COMPANIONS.get(name, {}), name: text}, dotenv=Path("nowhere")
        )
        assert at(settings, *ALIASES[name]) == value

    def test_the_full_name_wins_over_the_alias(self) -> None:
        """Where both are set in one place the `ESTEIO_…` name counts."""
        settings = read({"RATE_LIMIT_DEFAULT": "10/minute", "ESTEIO_LIMITS__DEFAULT": "20/minute"})
        assert settings.limits.default == "20/minute"

    def test_debug_makes_the_logs_verbose(self) -> None:
        """`DEBUG` changes what is logged."""
        assert (read({"DEBUG": "1"}).telemetry.log_level, read({}).telemetry.log_level) == ("debug", "info")

    def test_the_default_rate(self) -> None:
        """`60/minute` is sixty requests in any sixty seconds."""
        assert rate(read({"RATE_LIMIT_DEFAULT": "60/minute"}).limits.default) == (60, 60)

    @pytest.mark.parametrize("url", ["postgresql+asyncpg://u:p@h/d", "postgres://u:p@h/d", "postgresql://u:p@h/d"])
    def test_the_forms_of_a_database_address_are_one(self, url: str) -> None:
        """SQLAlchemy's form with a driver and the short scheme are understood."""
        assert read({"ESTEIO_DATABASE__URL": url}).database.url.get_secret_value() == "postgresql://u:p@h/d"


class TestFile:
    def test_env_file_is_read_and_overruled_by_the_environment(self, tmp_path: Path) -> None:
        """`.env` counts where the environment says nothing, whichever of its names the environment uses."""
        file = tmp_path / ".env"
        file.write_text("ESTEIO_LIMITS__DEFAULT=1/minute\nAPI_VERSION=9.9.9\nESTEIO_AUTH__ACCESS_MINUTES=20\n")
        settings = read({"RATE_LIMIT_DEFAULT": "2/minute", "ESTEIO_HTTP__API_VERSION": "3.0.0"}, file)
        assert (settings.limits.default, settings.http.api_version) == ("2/minute", "3.0.0")
        assert settings.auth.access_minutes == 20

    def test_other_variables_are_nobodys_business(self) -> None:
        """What does not begin with `ESTEIO_` and is no alias is left alone."""
        assert read({"PATH": "/bin", "ESTEIO_LIFELINE_FD": "3"}).environment == "development"


class TestRefusals:
    def test_what_is_missing_is_named(self) -> None:
        """Each setting that has no default is named by its variable, all of them at once."""
        sentence = refusal({}, needed={})
        for name in NEEDED:
            assert f"{name} is not set." in sentence

    @pytest.mark.parametrize(
        ("variable", "value", "allowed"),
        [
            ("ESTEIO_LIMITS__DEFAULT", "lots", "60/minute"),
            ("RATE_LIMIT_DEFAULT", "60 per minute", "60/minute"),
            ("ESTEIO_HTTP__REDOC", "perhaps", "boolean"),
            ("ESTEIO_HTTP__BODY_LIMIT", "1MB", "integer"),
            ("ESTEIO_HTTP__BODY_LIMIT", "3", "1024"),
            ("ESTEIO_AUTH__ACCESS_MINUTES", "61", "60"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "an hour", "integer"),
            ("ESTEIO_ENVIRONMENT", "staging", "'development' or 'production'"),
            ("ESTEIO_TELEMETRY__LOG_FORMAT", "xml", "'auto', 'json' or 'console'"),
            ("ESTEIO_PETS__RESTORABLE_DAYS", "0", "1"),
            ("DEBUG", "loud", "boolean"),
        ],
    )
    def test_what_cannot_be_used_is_told_with_what_is_allowed(self, variable: str, value: str, allowed: str) -> None:
        """The sentence has the name that the operator used, the value's shape, and what would do."""
        sentence = refusal({variable: value})
        line = next(line for line in sentence.splitlines() if variable in line)
        assert repr(value) in line
        assert allowed in line

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("ESTEIO_SECRET_KEY", "too-short-a-secret"),
            ("ESTEIO_DATABASE__URL", "mysql://root:hush-hush@h/d"),
            ("DATABASE_URL", "not-an-address-hush-hush"),
            ("ESTEIO_REDIS__URL", "http://:hush-hush@h"),
            ("ESTEIO_REDIS__URL", "redis://:hush/hush@h:1"),
            ("ESTEIO_AUTH__API_KEY", "hush"),
            ("RADAR_API_KEYS_ADDITIONAL", "hush,hash"),
        ],
    )
    def test_secrets_are_never_shown(self, variable: str, value: str) -> None:
        """A secret that cannot be used is described by its length."""
        needed = {name: text for name, text in NEEDED.items() if variable != "DATABASE_URL" or "DATABASE" not in name}
        sentence = refusal({variable: value}, needed)
        assert "characters" in sentence
        for word in (value, "hush", "too-short"):
            assert word not in sentence

    @pytest.mark.parametrize(
        ("variable", "hint"),
        [
            ("ESTEIO_HTTP__PUBLIC_ULR", "ESTEIO_HTTP__PUBLIC_URL"),
            ("ESTEIO_HTPP__REDOC", "ESTEIO_HTTP__REDOC"),
            ("ESTEIO_PETS__RESTORABLE_DAY", "ESTEIO_PETS__RESTORABLE_DAYS"),
            ("ESTEIO_ENVIROMENT", "ESTEIO_ENVIRONMENT"),
        ],
    )
    def test_a_name_that_is_none_comes_with_a_hint(self, variable: str, hint: str) -> None:
        """A misspelt variable stops the start instead of being ignored, and the nearest name is told."""
        assert f"{variable} is not a setting of Esteio. Did you mean {hint}?" in refusal({variable: "1"})

    @pytest.mark.parametrize("variable", ["ESTEIO_HTTP", "ESTEIO_SERVICES", "ESTEIO_NOTHING__LIKE_IT", "ESTEIO_"])
    def test_a_section_is_no_setting(self, variable: str) -> None:
        """Variables that name a section, or nothing at all, are refused in words."""
        assert f"{variable} is not a setting of Esteio." in refusal({variable: "x", "ESTEIO_HTTP__REDOC": "1"})

    def test_all_mistakes_are_told_at_once(self) -> None:
        """Nobody has to start five times to learn of five mistakes."""
        sentence = refusal({"ESTEIO_HTTP__REDOC": "x", "ESTEIO_PETS__RESTORABLE_DAYS": "x", "ESTEIO_WHAT": "x"})
        assert len(sentence.splitlines()) == 4

    def test_a_settings_tree_shows_no_secret(self) -> None:
        """Printing or logging the settings shows no secret."""
        shown = repr(read({"RADAR_API_KEY": "hush-key-of-an-operator"}))
        for word in (SECRET, "hush"):
            assert word not in shown


def files(folder: Path, **contents: str) -> dict[str, str]:
    """Files by these names; the variables that name them."""
    for name, content in contents.items():
        (folder / name).write_text(content)
    return {f"ESTEIO_{name}_FILE": str(folder / name) for name in contents}


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    """`…_FILE` says where the value is, for each name that a setting has; a line break at its end is no part of it."""
    url = "postgresql://esteio:in-a-file@db.example.org/esteio"
    given = files(tmp_path, SECRET_KEY=f"{SECRET} \n", DATABASE__URL=f"{url}\r\n", HTTP__APP_NAME="A house")
    (tmp_path / "redis").write_text("redis://in-a-file/0")
    told = read_settings(
        sections(SHIPPED), environ={**given, "REDIS_URL_FILE": str(tmp_path / "redis")}, dotenv=Path("nowhere")
    )
    assert told.secret_key.get_secret_value() == f"{SECRET} "
    assert told.database.url.get_secret_value() == url
    assert told.redis.url.get_secret_value() == "redis://in-a-file/0"
    assert told.http.app_name == "A house"


def test_a_file_in_the_environment_overrules_a_value_in_dotenv(tmp_path: Path) -> None:
    """`.env` may hold what the environment names a file for; the other way round too."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("ESTEIO_HTTP__APP_NAME=from dotenv\n")
    assert read(files(tmp_path, HTTP__APP_NAME="from a file"), dotenv).http.app_name == "from a file"
    dotenv.write_text(f"ESTEIO_HTTP__APP_NAME_FILE={tmp_path / 'HTTP__APP_NAME'}\n")
    assert read({}, dotenv).http.app_name == "from a file"
    assert read({"ESTEIO_HTTP__APP_NAME": "from the environment"}, dotenv).http.app_name == "from the environment"


def test_a_file_that_cannot_be_the_value_is_refused(tmp_path: Path) -> None:
    """Both given, no file, too much, no text: a sentence that names the variable, and never shows the content."""
    both = files(tmp_path, SECRET_KEY=SECRET)
    assert "ESTEIO_SECRET_KEY and ESTEIO_SECRET_KEY_FILE are both set" in refusal(both)
    for content, words in (
        (b"hush" * 20_000, "more than 65536 bytes"),
        (b"\xffhush", "not text"),
        (b"h\0hush", "not text"),
    ):
        (tmp_path / "odd").write_bytes(content)
        said = refusal({"ESTEIO_HTTP__APP_NAME_FILE": str(tmp_path / "odd")})
        assert words in said
        assert "hush" not in said
    assert "No such file" in refusal({"ESTEIO_HTTP__APP_NAME_FILE": "/nowhere/at/all"})
    assert "ESTEIO_HTTP__NOBODY is not a setting" in refusal(files(tmp_path, HTTP__NOBODY="1"))


def test_settings_that_are_files_themselves_stay_what_they_are(tmp_path: Path) -> None:
    """A setting whose own name ends so is not read from the file that it names."""
    (tmp_path / "ca.pem").write_text("a certificate")
    assert read({"ESTEIO_MAIL__CA_FILE": str(tmp_path / "ca.pem")}).mail.ca_file == str(tmp_path / "ca.pem")
    assert read_settings(environ={**NEEDED, "ESTEIO_CAPSULES__LARGEST_FILE": "2048"}, dotenv=Path("nowhere"))
