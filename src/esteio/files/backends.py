"""The object stores that there are: a folder, whatever speaks S3, Google Cloud Storage, Azure's containers."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from esteio.files.settings import FilesSettings

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, LocalStore, RetryConfig, S3Store

_CONNECT = 3.0
_CAUTIOUS = 0o077


def folder_of(settings: FilesSettings) -> Path | None:
    """The folder, where files are kept in one."""
    place = urlsplit(settings.url)
    return Path(unquote(place.path)) if place.scheme == "file" else None


def open_backend(settings: FilesSettings) -> "LocalStore | S3Store | GCSStore | AzureStore":
    """The store of the settings; a folder is made. Raises what the driver raises."""
    folder = folder_of(settings)
    if folder is not None:
        return _folder(folder)
    if settings.url.startswith("gs://"):
        return _gcs(settings)
    return _azure(settings) if settings.url.startswith("az://") else _s3(settings)


def _folder(folder: Path) -> "LocalStore":
    # The driver is 20 MB of machine code, which a process that touches no file need not load.
    from obstore.store import LocalStore

    if not folder.exists():
        folder.mkdir(mode=0o777 & ~_CAUTIOUS, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} cannot be written to")
    return LocalStore(prefix=folder)


def _s3(settings: FilesSettings) -> "S3Store":
    from obstore.store import S3Store

    options: dict[str, Any] = {"region": settings.s3_region}
    if settings.s3_endpoint is not None:
        options["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key_id is not None and settings.s3_secret_access_key is not None:
        options["access_key_id"] = settings.s3_access_key_id.get_secret_value()
        options["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
    return S3Store(**_place(settings), **_patience(settings, settings.s3_allow_http), **options)


def _gcs(settings: FilesSettings) -> "GCSStore":
    from obstore.store import GCSStore

    options: dict[str, Any] = {}
    if settings.gcs_endpoint is not None:
        options["base_url"] = settings.gcs_endpoint
    if settings.gcs_service_account_key is not None:
        options["service_account_key"] = settings.gcs_service_account_key.get_secret_value()
    return GCSStore(**_place(settings), **_patience(settings, settings.allow_http), **options)


def _azure(settings: FilesSettings) -> "AzureStore":
    from obstore.store import AzureStore

    options: dict[str, Any] = {"account_name": settings.azure_account}
    if settings.azure_endpoint is not None:
        options["endpoint"] = settings.azure_endpoint
    # The kind is named, so that no variable of the environment is believed before the settings.
    if settings.azure_account_key is not None:
        options |= {"credential_type": "access_key", "account_key": settings.azure_account_key.get_secret_value()}
    elif settings.azure_sas is not None:
        options |= {"credential_type": "sas_token", "sas_key": settings.azure_sas.get_secret_value()}
    return AzureStore(**_place(settings), **_patience(settings, settings.allow_http), **options)


def _place(settings: FilesSettings) -> dict[str, Any]:
    place = urlsplit(settings.url)
    name = "container_name" if place.scheme == "az" else "bucket"
    return {name: place.netloc, "prefix": place.path.strip("/") or None}


def _patience(settings: FilesSettings, allow_http: bool) -> dict[str, Any]:
    """How long a store is waited for and how often it is asked, the same for all of them."""
    client: ClientConfig = {
        "allow_http": allow_http,
        "connect_timeout": timedelta(seconds=_CONNECT),
        "timeout": timedelta(seconds=settings.request_timeout),
    }
    retry: RetryConfig = {
        "max_retries": 5,
        "retry_timeout": timedelta(seconds=settings.retry_seconds),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=2),
            "base": 2,
        },
    }
    return {"client_options": client, "retry_config": retry}
