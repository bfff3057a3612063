"""How rows become a file: line ends as RFC 4180 has them, and gzip where it was asked for."""

import asyncio
import zlib

from esteio.files.store import PIECE, Upload

_SWAP = bytes.maketrans(b"\n\r", b"\r\n")
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 6


class Pen:
    """Writes what COPY gives to an upload and counts its rows.

    crlf: lines end as CSV's do. COPY ends a row with LF, so a query for it writes the line breaks within its cells as
    CR: here both become what they should be, and rows can be told from lines. gzip: compressed as it goes.
    """

    def __init__(self, upload: Upload, *, crlf: bool, gzip: bool, heading: int = 0) -> None:
        self.rows = -heading
        self._upload = upload
        self._crlf = crlf
        self._packer = zlib.compressobj(_LEVEL, wbits=_GZIP) if gzip else None
        self._pending = bytearray()

    async def write(self, data: bytes) -> None:
        """Take rows."""
        self.rows += data.count(b"\n")
        if self._crlf:
            data = data.translate(_SWAP).replace(b"\r", b"\r\n")
        if self._packer is None:
            await self._upload.write(data)
            return
        self._pending += data
        if len(self._pending) >= PIECE:
            await self._pack()

    async def finish(self) -> None:
        """Write what is left."""
        if self._packer is not None:
            await self._pack()
            await self._upload.write(self._packer.flush())

    async def _pack(self) -> None:
        assert self._packer is not None
        piece, self._pending = bytes(self._pending), bytearray()
        # In a thread: a piece takes some milliseconds, and a hundred exports must not add up to a stall.
        await self._upload.write(await asyncio.to_thread(self._packer.compress, piece))
