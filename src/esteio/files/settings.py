"""Where files are kept, under `ESTEIO_FILES__…`."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from esteio.files.credentials import account_key, service_account, shared_access

_FOLDER = r"file:///[^?#\s]+"
_S3 = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_GCS = r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_AZURE = r"az://[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
_PLACE = re.compile(f"{_FOLDER}|(?:{_S3}|{_GCS}|{_AZURE})(?:/[A-Za-z0-9._/-]*)?")
_ADDRESS = r"^https?://[^\s?#]+$"


def _place(url: str) -> str:
    if not _PLACE.fullmatch(url):
        raise ValueError(
            "it is file:///an/absolute/folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
        )
    return url.rstrip("/")


def absolute(path: str) -> str:
    """The path of a folder as settings name one; empty where it is not set. Raises `ValueError`."""
    if path and not Path(path).is_absolute():
        raise ValueError("it is the absolute path of a folder")
    return path


class FilesSettings(BaseModel):
    """Times are in seconds unless said otherwise. A deployment has its folder, or its bucket and prefix, to itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_place)] = Field(
        default="file:///var/lib/esteio/files",
        description="file:///folder, shared by all processes, or s3://bucket/prefix, gs://bucket/prefix, "
        "az://container/prefix; of this deployment alone",
    )
    s3_endpoint: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="address of an S3-speaking server that is not Amazon's"
    )
    s3_region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,64}$", description="where the bucket is")
    s3_access_key_id: SecretStr | None = Field(default=None, description="unset: the machine's own role is asked for")
    s3_secret_access_key: SecretStr | None = Field(default=None, description="goes with the access key id")
    s3_allow_http: bool = Field(default=False, description="accept an endpoint without TLS, for one on this machine")
    gcs_service_account_key: Annotated[SecretStr | None, AfterValidator(service_account)] = Field(
        default=None,
        description="JSON key of a service account; unset: application default credentials, or the machine's own",
    )
    gcs_endpoint: str | None = Field(
        default=None, pattern=_ADDRESS, description="address of an emulator that speaks Google's XML API"
    )
    azure_account: str | None = Field(
        default=None, pattern=r"^[a-z0-9]{3,24}$", description="name of the storage account; az:// needs it"
    )
    azure_account_key: Annotated[SecretStr | None, AfterValidator(account_key)] = Field(
        default=None, description="neither this nor azure_sas: workload identity, or the machine's managed one"
    )
    azure_sas: Annotated[SecretStr | None, AfterValidator(shared_access)] = Field(
        default=None, description="shared access signature that may read, write, delete and list in the container"
    )
    azure_endpoint: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="address of an emulator or of another cloud, to which the container's name is added",
    )
    allow_http: bool = Field(default=False, description="accept gcs_endpoint and azure_endpoint without TLS")
    request_timeout: float = Field(default=20.0, gt=0, le=300, description="seconds for one request to the store")
    retry_seconds: float = Field(
        default=10.0, ge=0, le=120, description="seconds in which a failed request is repeated"
    )
    link_seconds: int = Field(default=3600, ge=60, le=604_800, description="how long a link to a file works")
    retention_days: int = Field(default=7, ge=1, le=365, description="how long exports and imports are kept")
    max_downloads: int = Field(default=100, ge=1, le=10_000, description="downloads at once per process; beyond: 503")
    max_uploads: int = Field(
        default=16, ge=4, le=1000, description="uploads at once per process, a quarter from one address; beyond: 503"
    )
    temp_dir: Annotated[str, AfterValidator(absolute)] = Field(
        default="", description="folder for uploads while they are looked at, of nameless files; empty: the system's"
    )
    free_warn_bytes: int = Field(
        default=2 * 1_073_741_824, ge=0, description="health is degraded while a disk of files has fewer bytes free"
    )
    free_refuse_bytes: int = Field(
        default=256 * 1_048_576, ge=0, description="uploads that would leave fewer bytes free are refused: 507"
    )
    pictures_at_once: int = Field(
        default=2, ge=1, le=64, description="pictures decoded at once per process, each in a process of its own"
    )
    picture_wait: float = Field(default=10.0, gt=0, le=120, description="how long a picture waits for its turn; 503")
    picture_seconds: float = Field(
        default=30.0, gt=0, le=300, description="how long decoding a picture may take; beyond it is refused"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.free_warn_bytes < self.free_refuse_bytes:
            raise ValueError("free_warn_bytes must not be below free_refuse_bytes")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.url.startswith("az://") and self.azure_account is None:
            raise ValueError("url is az://, which needs azure_account, the name of the storage account")
        if self.azure_account_key is not None and self.azure_sas is not None:
            raise ValueError("azure_account_key and azure_sas are both set; one of them is to prove who asks")
        for name, address in (("gcs_endpoint", self.gcs_endpoint), ("azure_endpoint", self.azure_endpoint)):
            if address is not None and address.startswith("http://") and not self.allow_http:
                raise ValueError(f"{name} is without TLS, which only allow_http=true accepts")
        return self
