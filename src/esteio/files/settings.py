"""Where files are kept, under `ESTEIO_FILES__…`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_FOLDER = re.compile(r"file:///[^?#\s]+")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")


def _place(url: str) -> str:
    if not (_FOLDER.fullmatch(url) or _BUCKET.fullmatch(url)):
        raise ValueError("it is file:///an/absolute/folder or s3://bucket/prefix")
    return url.rstrip("/")


class FilesSettings(BaseModel):
    """Times are in seconds unless said otherwise. A deployment has its folder, or its bucket and prefix, to itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_place)] = Field(
        default="file:///var/lib/esteio/files",
        description="file:///folder, shared by all processes, or s3://bucket/prefix; of this deployment alone",
    )
    s3_endpoint: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="address of an S3-speaking server that is not Amazon's"
    )
    s3_region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,64}$")
    s3_access_key_id: SecretStr | None = Field(default=None, description="unset: the machine's own role is asked for")
    s3_secret_access_key: SecretStr | None = Field(default=None)
    s3_allow_http: bool = Field(default=False, description="accept an endpoint without TLS, for one on this machine")
    request_timeout: float = Field(default=20.0, gt=0, le=300, description="seconds for one request to the store")
    retry_seconds: float = Field(
        default=10.0, ge=0, le=120, description="seconds in which a failed request is repeated"
    )
    link_seconds: int = Field(default=3600, ge=60, le=604_800, description="how long a link to a file works")
    retention_days: int = Field(default=7, ge=1, le=365, description="how long exports and imports are kept")
    max_downloads: int = Field(default=100, ge=1, le=10_000, description="downloads at once per process; beyond: 503")
