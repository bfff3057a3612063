"""Encryption for holders of age keys, as a stream in constant memory. Who backs up never has a secret key."""

import asyncio
import importlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from esteio.backups.errors import BackupDamaged, BackupRefused
from esteio.base.errors import StartRefused

SUFFIX = ".age"
_PIECE = 262_144
_WAITING = 2

Passing = Callable[[AsyncIterator[bytes]], AsyncGenerator[bytes, None]]
"""What bytes go through on their way."""


async def plain(source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The bytes as they are."""
    async for piece in source:
        yield piece


def sealing(recipients: Sequence[str]) -> Passing:
    """Encrypts for all of these public keys. Raises `StartRefused` without the library or for a key that is none."""
    age = _age()
    try:
        keys = [age.x25519.Recipient.from_str(one) for one in recipients]
    except age.RecipientError as error:
        raise StartRefused("ESTEIO_BACKUP__RECIPIENTS has a key that is not one of age's.") from error
    return lambda source: _through(lambda reader, writer: age.encrypt_io(reader, writer, keys), source)


def opening(identity: Path | None) -> Passing:
    """Decrypts with the secret keys in the file, which `age-keygen` made. Raises `BackupRefused` for a file of none."""
    if identity is None:
        raise BackupRefused("The backup is encrypted: name the file with the secret key in --identity.")
    age = _age()
    try:
        lines = [line.strip() for line in identity.read_text().splitlines()]
        keys = [age.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, ValueError, age.IdentityError) as error:
        raise BackupRefused(f"{identity} cannot be read as a file of age's secret keys.") from error
    if not keys:
        raise BackupRefused(f"{identity} has no secret key of age.")

    def decrypt(reader: Any, writer: Any) -> None:
        try:
            age.decrypt_io(reader, writer, keys)
        except age.DecryptError as error:
            if "matching" in str(error).lower():
                raise BackupRefused("No key in the identity file is one that the backup was encrypted for.") from error
            raise BackupDamaged("A part of the backup cannot be decrypted.") from error

    return lambda source: _through(decrypt, source)


def _age() -> Any:
    # An extra that only who encrypts has to install.
    try:
        return importlib.import_module("pyrage")
    except ImportError as error:
        raise StartRefused("Encrypted backups need the extra `backup`: pip install 'esteio[backup]'.") from error


class _Crossing:
    """Lets a thread wait for the loop, until it is told to stop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: Future[Any] | None = None
        self.stopped = False
        self.error: BaseException | None = None

    def ask(self, asked: Any) -> Any:
        self._waiting = asyncio.run_coroutine_threadsafe(asked, self._loop)
        if self.stopped:
            self._waiting.cancel()
        try:
            return self._waiting.result()
        except FutureCancelled as error:
            raise OSError("stopped") from error
        except BaseException as error:
            self.error = error
            raise OSError("the source failed") from error

    def stop(self) -> None:
        self.stopped = True
        if self._waiting is not None:
            self._waiting.cancel()


class _Reader:
    """A file that the thread reads: it takes what the source gives."""

    def __init__(self, source: AsyncIterator[bytes], crossing: _Crossing) -> None:
        self._source = source
        self._crossing = crossing
        self._held = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        some = self._held.read(size)
        if not some:
            self._held = io.BytesIO(self._crossing.ask(self._next()))
            some = self._held.read(size)
        return some

    async def _next(self) -> bytes:
        """An empty piece would be taken for the end."""
        async for piece in self._source:
            if piece:
                return piece
        return b""


class _Writer:
    """A file that the thread writes: the loop takes it in pieces, and not too many may wait."""

    def __init__(self, queue: "asyncio.Queue[bytes]", crossing: _Crossing) -> None:
        self._queue = queue
        self._crossing = crossing
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        if len(self._held) >= _PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._held:
            piece, self._held = bytes(self._held), bytearray()
            self._crossing.ask(self._queue.put(piece))


async def _through(work: Callable[[Any, Any], None], source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    crossing = _Crossing(asyncio.get_running_loop())
    queue: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)
    reader, writer = _Reader(source, crossing), _Writer(queue, crossing)

    def run() -> None:
        work(reader, writer)
        writer.flush()

    thread = asyncio.ensure_future(asyncio.to_thread(run))
    thread.add_done_callback(lambda _: None)
    try:
        while (piece := await _piece_of(queue, thread)) is not None:
            yield piece
        _raise_of(thread, crossing)
    finally:
        crossing.stop()
        while not thread.done():
            await asyncio.wait({thread}, timeout=0.05)
            crossing.stop()


async def _piece_of(queue: "asyncio.Queue[bytes]", thread: "asyncio.Future[None]") -> bytes | None:
    """The next piece, or `None` once the thread has ended and all were taken."""
    taking = asyncio.ensure_future(queue.get())
    both: list[asyncio.Future[Any]] = [taking, thread]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if taking.done():
            return taking.result()
    finally:
        taking.cancel()
    return None if queue.empty() else queue.get_nowait()


def _raise_of(thread: "asyncio.Future[None]", crossing: _Crossing) -> None:
    """What went wrong, and if the source did, in the source's own words."""
    error = thread.exception()
    if error is not None:
        raise crossing.error or error
