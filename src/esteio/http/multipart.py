"""Forms with files (multipart/form-data, RFC 7578), part by part as they arrive: never a part in memory."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from esteio.base.errors import BadRequest, FieldError, Invalid, PayloadTooLarge, UnsupportedMediaType
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.parts import Begins, Ends, PartHead, Parts, boundary_of

STALLED = 20.0
SLOWEST = 65_536
"""Seconds of waiting within which so many bytes come, or the form ends: drops do not hold a place for long. How long
the whole may take is the route's time budget."""


@dataclass(frozen=True, slots=True)
class FormBounds:
    """How many `parts` there may be, how many bytes each of a file (`part_bytes`) and of a plain field.

    What the whole may have is the route's `body_limit`, and how long it may take its `time_budget`.
    """

    parts: int = 16
    part_bytes: int = 10 * 1_048_576
    field_bytes: int = 65_536


class Part:
    """One part of a form. Its bytes can be had once, in turn, before the next part is asked for.

    `filename` is `None` for a plain field. It is what the sender calls the file, without any folder: for people to
    read, never a path. `media_type` is what the sender says, which decides nothing.
    """

    def __init__(self, head: PartHead, pieces: AsyncIterator[bytes]) -> None:
        self.field = head.field
        self.filename = head.filename
        self.media_type = head.media_type
        self.pieces = pieces

    async def text(self) -> str:
        """A plain field's value. Raises `Invalid` where it is no UTF-8 or has a NUL."""
        whole = b"".join([piece async for piece in self.pieces])
        try:
            value = whole.decode()
        except UnicodeDecodeError as error:
            raise Invalid.at(self.field, "The value must be text in UTF-8.", code="FORM_TEXT") from error
        if "\x00" in value:
            raise Invalid.at(self.field, "The value must not have NUL characters.", code="FORM_TEXT")
        return value


async def form_parts(request: Request, bounds: FormBounds) -> AsyncIterator[Part]:
    """The parts in the order in which they come. What a part was not asked for is passed over.

    Before anything is read: `UnsupportedMediaType` for what is no plain form, `StorageFull` where its announced length
    finds no room. While it comes: `PayloadTooLarge` past a bound, `BadRequest` for a form that is malformed, has too
    many parts, ends early or stalls.
    """
    exchange = exchange_of(request.scope)
    if exchange.headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise UnsupportedMediaType("Send the form as it is, without Content-Encoding.")
    boundary = boundary_of(exchange.headers.get(b"content-type", b""))
    announced = int(exchange.headers.get(b"content-length", bounds.part_bytes))
    await house_of(request).resources.files.space.demand(announced)
    form = _Form(request, Parts(boundary, most=bounds.parts), bounds)
    while (head := await form.next_head()) is not None:
        yield Part(head, form.pieces(head))
        async for _ in form.pieces(head):
            pass


class _Form:
    """Turns the body's chunks into events, a chunk at a time."""

    def __init__(self, request: Request, parts: Parts, bounds: FormBounds) -> None:
        self._chunks = request.stream().__aiter__()
        self._parts = parts
        self._bounds = bounds
        self._within: PartHead | None = None
        self._taken = 0
        self._patience, self._arrived = STALLED, 0

    async def next_head(self) -> PartHead | None:
        """Of the part that begins next; `None` when the form is over."""
        event = await self._event()
        if event is None:
            return None
        assert isinstance(event, Begins)
        self._within, self._taken = event.head, 0
        return event.head

    async def pieces(self, head: PartHead) -> AsyncIterator[bytes]:
        """What is left of that part."""
        most = self._bounds.field_bytes if head.filename is None else self._bounds.part_bytes
        while self._within is head:
            event = await self._event()
            if isinstance(event, bytes):
                self._taken += len(event)
                if self._taken > most:
                    raise _too_large(head, most)
                yield event
            else:
                assert isinstance(event, Ends)
                self._within = None

    async def _event(self) -> Begins | bytes | Ends | None:
        while not self._parts.events:
            if self._parts.over:
                return None
            self._parts.feed(await self._chunk())
        return self._parts.events.popleft()

    async def _chunk(self) -> bytes:
        began = time.monotonic()
        chunk = await self._next_chunk()
        self._patience -= time.monotonic() - began
        self._arrived += len(chunk)
        if self._arrived >= SLOWEST:
            self._patience, self._arrived = STALLED, 0
        return chunk

    async def _next_chunk(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await anext(self._chunks)
        except StopAsyncIteration:
            raise BadRequest("The form ends before its last boundary: it was cut off on its way.") from None
        except ClientDisconnect as error:
            raise BadRequest("The connection ended within the body.") from error
        except TimeoutError as error:
            words = f"The form comes too slowly: {SLOWEST} bytes within {STALLED:.0f} s are the least."
            raise BadRequest(words) from error


def _too_large(head: PartHead, most: int) -> PayloadTooLarge:
    words = f"The part may have {most} bytes."
    return PayloadTooLarge(words, errors=[FieldError("FORM_PART_TOO_LARGE", words, head.field, f"#/{head.field}")])
