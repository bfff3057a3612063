"""The tree: a section for each part of the house, and one for each service that is given."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from esteio.auth.settings import AuthSettings
from esteio.backups.settings import BackupSettings
from esteio.base.errors import StartRefused
from esteio.db.settings import DatabaseSettings
from esteio.development.settings import DevelopmentSettings
from esteio.files.settings import FilesSettings
from esteio.http.settings import HttpSettings
from esteio.jobs.settings import JobSettings
from esteio.limits.settings import LimitSettings
from esteio.mail.settings import MailSettings
from esteio.realtime.settings import RealtimeSettings
from esteio.redis.settings import RedisSettings
from esteio.settings.secrets import SUFFIX
from esteio.settings.variables import gathered, problems_of, stranger, variable_name
from esteio.telemetry.settings import TelemetrySettings
from esteio.upstream.settings import UpstreamSettings
from esteio.webhooks.settings import WebhookSettings


class Settings(BaseModel):
    """Everything that can be set. `ESTEIO_HTTP__PUBLIC_URL` is `settings.http.public_url`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["development", "production"] = Field(
        default="development", description="what it is for; samples are not loaded into production unless forced"
    )
    debug: bool = Field(default=False, description="verbose logs; answers never show more")
    secret_key: SecretStr = Field(min_length=32, description="master secret, at least 32 characters")
    hang_seconds: float = Field(
        default=30.0,
        ge=0,
        le=600,
        description="a process whose event loop stands still for so long is killed and replaced; 0: none is",
    )
    http: HttpSettings = HttpSettings()
    database: DatabaseSettings
    redis: RedisSettings
    auth: AuthSettings = AuthSettings()
    limits: LimitSettings = LimitSettings()
    jobs: JobSettings = JobSettings()
    files: FilesSettings = FilesSettings()
    backup: BackupSettings = BackupSettings()
    mail: MailSettings = MailSettings()
    upstream: UpstreamSettings = UpstreamSettings()
    webhooks: WebhookSettings = WebhookSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    development: DevelopmentSettings = DevelopmentSettings()
    services: dict[str, Any] = Field(default_factory=dict)


SECTIONS = (
    "http",
    "database",
    "redis",
    "auth",
    "limits",
    "jobs",
    "files",
    "backup",
    "mail",
    "upstream",
    "webhooks",
    "realtime",
    "telemetry",
    "development",
)
REQUIRED = ("database", "redis")


def read_settings(
    services: Mapping[str, type[BaseModel]] | None = None,
    environ: Mapping[str, str] | None = None,
    dotenv: Path | None = None,
) -> Settings:
    """Read `ESTEIO_…`, the operators' own names for some of them, and `.env` (which the environment overrules).

    `services` gives the models of the services' sections; without it those sections are left unread.
    What `…_FILE` names is read from that file.
    Raises `StartRefused`, naming each variable that is missing, unknown or not acceptable, and what is allowed.
    """
    file = {name: value for name, value in dotenv_values(dotenv or Path(".env")).items() if value is not None}
    offered = dict(services or {})
    sections = (*SECTIONS, *offered)
    read = gathered((file, os.environ if environ is None else environ), sections, _paths(offered))
    found = read.unreadable + ([stranger(name, sections) for name in read.unknown] if services is not None else [])
    values, parsed, tree = read.values, dict[str, Any](), dict[str, Any]()
    for name, model in offered.items():
        found += problems_of(model, values.pop(name, {}), parsed, name, read.given)
    for name in REQUIRED:
        values.setdefault(name, {})  # so that what is missing is named, not its section
    found += problems_of(Settings, values, tree, "", read.given)
    if found:
        raise StartRefused("The configuration cannot be used:\n  " + "\n  ".join(found))
    settings: Settings = tree[""]
    if settings.auth.needs_mail and not settings.mail.server:
        raise StartRefused(
            "ESTEIO_AUTH__REGISTRATION_CONFIRMED and ESTEIO_AUTH__VERIFIED_EMAIL=required need mail: "
            "set ESTEIO_MAIL__SERVER."
        )
    telemetry = settings.telemetry
    if settings.debug:
        telemetry = telemetry.model_copy(update={"log_level": "debug"})
    return settings.model_copy(update={"services": parsed, "telemetry": telemetry})


def _paths(services: Mapping[str, type[BaseModel]]) -> frozenset[str]:
    """Variables whose own name ends as those do that name a file with the value."""
    models: dict[str, Any] = {name: Settings.model_fields[name].annotation for name in SECTIONS}
    models.update(services)
    return frozenset(
        variable_name(section, name)
        for section, model in models.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name in model.model_fields
        if variable_name(section, name).endswith(SUFFIX)
    )
