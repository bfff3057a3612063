"""A stranger's picture becomes an object of the house: counted as it comes, decoded elsewhere, written anew."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from esteio.base.errors import EsteioError, FieldError, Invalid, PayloadTooLarge, UnsupportedMediaType
from esteio.files.files import Files
from esteio.files.images.order import Source, Verdict, Why
from esteio.files.records import new_key
from esteio.files.spools import Spool, spool
from esteio.files.store import Store, Written

MEDIA_TYPE = "image/jpeg"
"""What every picture is once it was taken."""

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """`largest` in bytes as they come; `pixels` as they are sent; `edge`: the longest edge of what is kept; `side`: the
    shortest that a picture may have.
    """

    largest: int = 10 * 1_048_576
    pixels: int = 40_000_000
    edge: int = 4096
    side: int = 1


@dataclass(frozen=True, slots=True)
class TakenPicture:
    """A picture in the object store, as an sRGB JPEG without any metadata. It is there for good once its row is."""

    written: Written
    width: int
    height: int
    source: Source


async def take_picture(
    files: Files, pieces: AsyncIterator[bytes], *, tenant: UUID, bounds: PictureBounds, field: str
) -> TakenPicture:
    """Keep the picture that these bytes are; what the file was called or said to be does not matter.

    It must be one still JPEG, PNG, WebP or HEIC. A refusal names `field` and says what to do: `PayloadTooLarge`,
    `UnsupportedMediaType` or `Invalid`. Raises `StorageFull`, and `Unavailable` when there is no room or no decoder
    for it at the moment. Nothing stays of a picture that was not taken; one that was is the caller's to give a row, or
    to delete (`kept_if_well`).
    """
    await files.space.demand(bounds.largest)
    with spool(files.settings) as raw, spool(files.settings) as made:
        await _fill(raw, pieces, bounds.largest, field)
        verdict = await files.decoders.remake(raw, made, pixels=bounds.pixels, edge=bounds.edge)
        if verdict.why is not None or verdict.source is None:
            raise _refusal(verdict, bounds, field)
        _check_side(verdict, bounds.side, field)
        written = await _stored(files.store, made, tenant)
    return TakenPicture(written, verdict.width, verdict.height, verdict.source)


async def _fill(raw: Spool, pieces: AsyncIterator[bytes], most: int, field: str) -> None:
    async for piece in pieces:
        if raw.size + len(piece) > most:
            words = f"The picture may have {most} bytes: make it smaller, or save it as JPEG."
            raise PayloadTooLarge(words, errors=[_at(field, "PICTURE_TOO_LARGE", words)])
        await raw.write(piece)
    await raw.flush()


async def _stored(store: Store, made: Spool, tenant: UUID) -> Written:
    async with store.writing(new_key(tenant)) as upload:
        async for piece in made.pieces():
            await upload.write(piece)
    return upload.written()


_WORDS: Final[dict[Why, tuple[str, str]]] = {
    "empty": ("PICTURE_EMPTY", "The picture has no bytes: choose the file again."),
    "damaged": (
        "PICTURE_DAMAGED",
        "The picture is damaged or was cut off on its way: open it, save it as JPEG and send that.",
    ),
    "animated": ("PICTURE_ANIMATED", "The picture moves: send a single photo, saved as JPEG."),
    "heavy": (
        "PICTURE_TOO_COSTLY",
        "The picture takes too much memory to read: save it as JPEG, smaller.",
    ),
    "slow": ("PICTURE_TOO_COSTLY", "The picture takes too long to read: save it as JPEG, smaller."),
}


def _check_side(verdict: Verdict, side: int, field: str) -> None:
    if min(verdict.width, verdict.height) < side:
        words = (
            f"The picture has {verdict.width} × {verdict.height} pixels, which is too small to be printed: "
            f"send one with {side} on its shorter side at least."
        )
        raise Invalid(errors=[_at(field, "PICTURE_TOO_SMALL", words)])


def _refusal(verdict: Verdict, bounds: PictureBounds, field: str) -> EsteioError:
    if verdict.why == "format":
        words = "The file is not a JPEG, PNG, WebP or HEIC picture, whatever its name: save it as JPEG and send that."
        return UnsupportedMediaType(words, errors=[_at(field, "PICTURE_FORMAT", words)])
    if verdict.why == "pixels":
        words = (
            f"The picture has {verdict.width} × {verdict.height} pixels; {bounds.pixels / _MEGA:g} million are "
            "allowed: make it smaller."
        )
        return Invalid(errors=[_at(field, "PICTURE_TOO_MANY_PIXELS", words)])
    code, words = _WORDS[verdict.why or "damaged"]
    return Invalid(errors=[_at(field, code, words)])


def _at(field: str, code: str, words: str) -> FieldError:
    return FieldError(code, words, field, f"#/{field}")
