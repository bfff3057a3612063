"""The grammar of a form with files: boundary, parts, and the headers of a part."""

import logging
import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from esteio.base.errors import BadRequest, UnsupportedMediaType

MAX_HEADERS = 8
MAX_HEADER = 4096
LONGEST_NAME = 200
"""Characters of a field's name and of a file's."""

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046, section 5.1.1."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?')
"""Possessive, and good without an end: whatever is written, it is read once."""

_EXTENDED = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]*)", re.IGNORECASE)
_PLAIN_ENCODINGS = (b"", b"binary", b"7bit", b"8bit")


@dataclass(frozen=True, slots=True)
class PartHead:
    """What a part says of itself; `filename` is `None` for a plain field."""

    field: str
    filename: str | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Begins:
    """A part begins."""

    head: PartHead


class Ends:
    """A part ends."""


def boundary_of(content_type: bytes) -> bytes:
    """What parts the form. Raises `UnsupportedMediaType` when this is no form with files."""
    kind, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    if kind.strip() != b"multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise UnsupportedMediaType("Send a form as multipart/form-data, with its boundary.")
    return boundary


class Parts:
    """Reads a form as it is fed and leaves events: a part begins, some of its bytes, it ends.

    Raises `BadRequest` for what is malformed and for more than `most` parts.
    """

    def __init__(self, boundary: bytes, *, most: int) -> None:
        self.events: deque[Begins | bytes | Ends] = deque()
        self.over = False
        self._left = most
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._take_name,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._take,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER,
        )
        self._parser.logger = _silent()  # the refusal is told and logged like any other

    def feed(self, chunk: bytes) -> None:
        """Some more of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest("The form is malformed.", operator=str(error)) from error

    def _begin(self) -> None:
        if self._left == 0:
            raise BadRequest("The form has too many parts.")
        self._left -= 1
        self._headers = {}

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _end_headers(self) -> None:
        self.events.append(Begins(_head(self._headers)))

    def _take(self, data: bytes, start: int, end: int) -> None:
        self.events.append(data[start:end])

    def _end(self) -> None:
        self.events.append(Ends())

    def _finish(self) -> None:
        self.over = True


def _head(headers: dict[bytes, bytes]) -> PartHead:
    said = headers.get(b"content-disposition", b"")
    kind, parameters = parse_options_header(said)
    field = _read(parameters.get(b"name", b""))
    if kind.strip() != b"form-data" or not field or len(field) > LONGEST_NAME or not field.isprintable():
        raise BadRequest("A part of the form has no name that can be read.")
    if headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN_ENCODINGS:
        raise BadRequest("A part of the form is encoded: send its bytes as they are.")
    media_type, _ = parse_options_header(headers.get(b"content-type", b"text/plain"))
    return PartHead(field, _filename(said.decode("utf-8", "replace"), parameters), _read(media_type)[:LONGEST_NAME])


def _filename(said: str, parameters: dict[bytes, bytes]) -> str | None:
    extended = _EXTENDED.search(_QUOTED.sub('""', said))
    if extended is not None:
        return plain_name(unquote(extended[2], encoding=extended[1], errors="replace"))
    written = parameters.get(b"filename")
    return None if written is None else plain_name(_read(written))


def plain_name(written: str) -> str:
    """What a sender calls a file, fit to be shown: its last part, without what steers, hides or turns text around.

    It may be empty, and is never to be used as a path.
    """
    last = written.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C").strip()
    return "" if shown in (".", "..") else shown[:LONGEST_NAME]


def _read(written: bytes) -> str:
    return written.decode("utf-8", "replace")


@cache
def _silent() -> logging.Logger:
    logger = logging.getLogger("esteio.http.parts.silent")
    logger.disabled = True
    return logger
