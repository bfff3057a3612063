"""The object stores that there are: a folder, and whatever speaks S3."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from esteio.files.settings import FilesSettings

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

_CONNECT = 3.0
_CAUTIOUS = 0o077


def folder_of(settings: FilesSettings) -> Path | None:
    """The folder, where files are kept in one."""
    place = urlsplit(settings.url)
    return Path(unquote(place.path)) if place.scheme == "file" else None


def open_backend(settings: FilesSettings) -> "LocalStore | S3Store":
    """The store of the settings; a folder is made. Raises what the driver raises."""
    folder = folder_of(settings)
    return _bucket(settings) if folder is None else _folder(folder)


def _folder(folder: Path) -> "LocalStore":
    # The driver is 20 MB of machine code, which a process that touches no file need not load.
    from obstore.store import LocalStore

    if not folder.exists():
        folder.mkdir(mode=0o777 & ~_CAUTIOUS, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} cannot be written to")
    return LocalStore(prefix=folder)


def _bucket(settings: FilesSettings) -> "S3Store":
    from obstore.store import S3Store

    place = urlsplit(settings.url)
    options: dict[str, Any] = {"region": settings.s3_region}
    if settings.s3_endpoint is not None:
        options["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key_id is not None and settings.s3_secret_access_key is not None:
        options["access_key_id"] = settings.s3_access_key_id.get_secret_value()
        options["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
    return S3Store(
        place.netloc,
        prefix=place.path.strip("/") or None,
        client_options={
            "allow_http": settings.s3_allow_http,
            "connect_timeout": timedelta(seconds=_CONNECT),
            "timeout": timedelta(seconds=settings.request_timeout),
        },
        retry_config={
            "max_retries": 5,
            "retry_timeout": timedelta(seconds=settings.retry_seconds),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
        **options,
    )
