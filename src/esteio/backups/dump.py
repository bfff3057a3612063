"""The database as an archive of `pg_dump`: out of it and back into it, as a stream."""

import asyncio
import re
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from esteio.backups.connecting import libpq
from esteio.backups.errors import BackupDamaged, BackupFailed
from esteio.backups.programs import Program
from esteio.files.store import PIECE

_WORDS = 2_000
_DEFAULT_RIGHTS = re.compile(rb"^\d+; \d+ \d+ DEFAULT ACL ", re.MULTILINE)


async def dumped(program: Program, url: str, snapshot: str, compression: int) -> AsyncGenerator[bytes, None]:
    """The archive of the moment that the snapshot names. Raises `BackupFailed` with `pg_dump`'s own words."""
    address, environment = libpq(url)
    words = (
        *("--format=custom", f"--compress={compression}", f"--snapshot={snapshot}"),
        *("--no-password", "--lock-wait-timeout=60s", "--encoding=UTF8", f"--dbname={address}"),
    )
    with tempfile.TemporaryFile() as said:
        async with _child(program, words, environment, said, stdout=PIPE) as process:
            assert process.stdout is not None
            while piece := await process.stdout.read(PIECE):
                yield piece
            if await process.wait() != 0:
                raise BackupFailed(f"pg_dump failed: {_last_words(said)}")


async def listed(program: Program, source: AsyncIterator[bytes]) -> bytes:
    """The table of contents of an archive. Raises `BackupDamaged` when it is none."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as contents:
        async with _child(program, ("--list",), libpq("")[1], said, stdin=PIPE, stdout=contents) as process:
            await _feed(process, source)
            if await process.wait() != 0:
                raise BackupDamaged(f"The dump of the database cannot be read: {_last_words(said)}")
        contents.seek(0)
        return contents.read()


def without_default_rights(contents: bytes) -> bytes:
    """The table of contents without the rights to future tables, which name the role that will make them."""
    return b"\n".join(line for line in contents.split(b"\n") if not _DEFAULT_RIGHTS.match(line))


async def loaded(program: Program, url: str, contents: bytes | None, source: AsyncIterator[bytes]) -> None:
    """Bring an archive into the database, in one transaction. Raises `BackupFailed`; then nothing was written.

    `contents` chooses of it; everything becomes the property of the URL's role. An error of the source too leaves
    nothing behind.
    """
    address, environment = libpq(url)
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password", f"--dbname={address}"]
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile(prefix="esteio-restore-") as chosen:
        if contents is not None:
            chosen.write(contents)
            chosen.flush()
            words.append(f"--use-list={chosen.name}")
        async with _child(program, words, environment, said, stdin=PIPE) as process:
            await _feed(process, source)
            if await process.wait() != 0:
                raise BackupFailed(f"pg_restore failed, and nothing was written: {_last_words(said)}")


async def _feed(process: Process, source: AsyncIterator[bytes]) -> None:
    """Give it all; one that ends early has had enough, and its exit code says whether that is well.

    The source is taken to its end first: only then is known that nothing of it was damaged.
    """
    assert process.stdin is not None
    alive = True
    async for piece in source:
        if alive:
            try:
                process.stdin.write(piece)
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                alive = False
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()
        await process.stdin.wait_closed()


@asynccontextmanager
async def _child(
    program: Program,
    words: Sequence[str],
    environment: object,
    said: IO[bytes],
    *,
    stdin: int | None = None,
    stdout: int | IO[bytes] | None = None,
) -> AsyncIterator[Process]:
    """The process for the time of the block; what is left of it then is killed, so that its transaction ends."""
    process = await asyncio.create_subprocess_exec(
        program.path,
        *words,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
        stdout=asyncio.subprocess.DEVNULL if stdout is None else stdout,
        stderr=said,
        env=environment,  # type: ignore[arg-type]
        cwd=Path("/"),
        limit=4 * PIECE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _last_words(said: IO[bytes]) -> str:
    said.seek(0, 2)
    said.seek(max(0, said.tell() - _WORDS))
    return " ".join(said.read().decode(errors="replace").split()) or "it said nothing"
