"""The text behind a Pix code, in the layout of the Central Bank's BR Code; nobody's key is in it."""

from __future__ import annotations

from binascii import crc_hqx
from decimal import Decimal

CODE_IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A PNG of one pixel: nobody pays by looking at it."""


def pix_code(number: int, amount: Decimal) -> str:
    account = _member("00", "br.gov.bcb.pix") + _member("01", "stand-in@example.org")
    parts = [
        _member("00", "01"),
        _member("26", account),
        _member("52", "0000"),
        _member("53", "986"),
        _member("54", str(amount)),
        _member("58", "BR"),
        _member("59", "LOJA DE TESTE"),
        _member("60", "BOA VISTA"),
        _member("62", _member("05", f"mp{number}")),
    ]
    body = "".join(parts) + "6304"
    return body + f"{crc_hqx(body.encode(), 0xFFFF):04X}"


def _member(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"
