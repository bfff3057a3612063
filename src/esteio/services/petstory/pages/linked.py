"""The file that the pages link, read once."""

from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

KINDS = {"petstory.css": "text/css"}


@lru_cache
def content(name: str) -> bytes:
    """The bytes of one of `KINDS`."""
    return files("esteio.services.petstory").joinpath("assets", name).read_bytes()


@lru_cache
def digest(name: str) -> str:
    """Changes with the bytes."""
    return blake2b(content(name), digest_size=9).hexdigest()
