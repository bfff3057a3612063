"""What is backed up, where to and how long it is kept, under `ESTEIO_BACKUP__…`."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from esteio.base.schema import CommaList
from esteio.db.settings import DatabaseSettings
from esteio.files.settings import FilesSettings, absolute

_RECIPIENT = "age1"


def _address(url: SecretStr | None) -> SecretStr | None:
    return None if url is None else DatabaseSettings(url=url).url


def _place(url: str) -> str:
    return FilesSettings(url=url).url


def _cron(text: str) -> str:
    try:
        if text:
            CronSim(text, datetime(2000, 1, 1))
    except CronSimError as error:
        raise ValueError("it is five fields, such as `30 2 * * *`") from error
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError) as error:
        raise ValueError("it is the name of a time zone, such as America/Sao_Paulo") from error
    return name


def _recipients(given: tuple[str, ...]) -> tuple[str, ...]:
    if any(not one.startswith(_RECIPIENT) for one in given):
        raise ValueError("each is a public key of age, which begins with age1; the secret one stays elsewhere")
    return given


class BackupSettings(BaseModel):
    """Where nothing else is said, a store is reached with what `ESTEIO_FILES__…` says of its endpoint and keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_place)] = Field(
        default="file:///var/lib/esteio/backups",
        description="file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; for backups of "
        "this deployment alone, on another disk than the database",
    )
    s3_endpoint: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="of the backups' bucket; that of the files unless set"
    )
    s3_region: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]{1,64}$", description="that of the files unless set"
    )
    s3_access_key_id: SecretStr | None = Field(default=None, description="that of the files unless set")
    s3_secret_access_key: SecretStr | None = Field(default=None, description="goes with the access key id")
    database_url: Annotated[SecretStr | None, AfterValidator(_address)] = Field(
        default=None,
        description="role that may read every row: BYPASSRLS and pg_read_all_data, or a superuser; directly at the "
        "server, not through a pooler; ESTEIO_DATABASE__URL unless set",
    )
    schedule: Annotated[str, AfterValidator(_cron)] = Field(
        default="", description="cron with five fields, such as `30 2 * * *`; empty: no backup is made by itself"
    )
    schedule_zone: Annotated[str, AfterValidator(_zone)] = Field(default="UTC", description="time zone of the schedule")
    keep_last: int = Field(default=3, ge=0, le=10_000, description="backups that are kept whatever their day")
    keep_daily: int = Field(default=7, ge=0, le=3660, description="days of which the last backup is kept")
    keep_weekly: int = Field(default=4, ge=0, le=520, description="weeks of which the last backup is kept")
    keep_monthly: int = Field(
        default=6, ge=0, le=1200, description="months of which the last backup is kept; all four 0: none is removed"
    )
    recipients: Annotated[CommaList, AfterValidator(_recipients)] = Field(
        default=(), description="public keys of age (age1…) for which backups are encrypted; needs the extra `backup`"
    )
    files: bool = Field(default=True, description="whether the files are in it; false where their store has copies")
    compression: int = Field(default=4, ge=0, le=9, description="gzip level of the database's dump; 0: none")
    programs: Annotated[str, AfterValidator(absolute)] = Field(
        default="", description="folder of pg_dump and pg_restore; empty: looked for in the usual places"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError("s3_access_key_id and s3_secret_access_key are set together")
        return self

    @property
    def removes(self) -> bool:
        """Whether backups are ever removed."""
        return bool(self.keep_last or self.keep_daily or self.keep_weekly or self.keep_monthly)
