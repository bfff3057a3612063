"""A CSV file as the body of a request: bounded, looked at and kept as it arrives, never held whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from esteio.base.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType
from esteio.files.records import FileRef, new_key, reference
from esteio.files.store import Written
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.services.pets.settings import PetsSettings
from esteio.services.pets.sheet import Intake

MEDIA_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was taken in; it is there for good once its row is written."""

    file: FileRef
    written: Written


async def _taken_in(request: Request) -> AsyncIterator[Upload]:
    """Keep the body; take it back if the request comes to nothing."""
    house, exchange = house_of(request), exchange_of(request.scope)
    settings: PetsSettings = house.settings["pets"]
    _check_head(exchange.headers, settings.import_bytes)
    files, clock = house.resources.files, house.clock
    await files.space.demand(int(exchange.headers.get(b"content-length", settings.import_bytes)))
    async with files.store.writing(new_key(exchange.principal.tenant)) as upload:
        async for chunk in _checked(request, settings.import_bytes):
            await upload.write(chunk)
    written = upload.written()
    days = files.settings.retention_days
    async with files.store.kept_if_well(written):
        yield Upload(
            reference(written, name="pets.csv", media_type=MEDIA_TYPE, now=clock.now(), days=days),
            written,
        )


CsvUpload = Annotated[Upload, Depends(_taken_in, scope="function")]
"""To stand before the session among a route's parameters, so that no transaction waits for the body."""


def _check_head(headers: dict[bytes, bytes], most: int) -> None:
    """What is wrong before anything was read."""
    kind, _, more = headers.get(b"content-type", b"").lower().partition(b";")
    charset = more.replace(b" ", b"").replace(b'"', b"")
    if kind.strip() != MEDIA_TYPE.encode() or (b"charset=" in charset and b"charset=utf-8" not in charset):
        raise UnsupportedMediaType("Send the file itself as text/csv, in UTF-8.")
    announced = headers.get(b"content-length", b"0")
    if int(announced) > most:
        raise _too_large(most)


async def _checked(request: Request, most: int) -> AsyncIterator[bytes]:
    intake, taken = Intake(), 0
    try:
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > most:
                raise _too_large(most)
            intake.take(chunk)
            yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The connection ended within the body.") from error
    intake.take(b"", last=True)


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The file may have {most} bytes.")
