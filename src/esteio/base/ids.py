"""Identifiers: UUIDv7 for rows (RFC 9562), random base62 for secrets and short public ids."""

import os
import secrets
import time
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id() -> UUID:
    """A UUIDv7: Unix milliseconds (48 bits), 4096ths of one (12 bits, RFC 9562 method 3), 62 random bits.

    Rows that are made one after the other lie together in an index, and in the order in which one process made them.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    noise = int.from_bytes(os.urandom(8))
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    low = (0x7 << 76) | ((rest * 4096 // 1_000_000) << 64) | (0b10 << 62) | (noise & 0x3FFF_FFFF_FFFF_FFFF)
    return UUID(int=high | low)


def random_base62(length: int) -> str:
    """So many characters of `[0-9A-Za-z]` from the system's entropy, each worth 5.95 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def base62(number: int, width: int) -> str:
    """A non-negative number in base 62, padded with zeros on the left to `width` characters."""
    digits = []
    while number:
        number, rest = divmod(number, 62)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits)).rjust(width, ALPHABET[0])
