"""What a file's first bytes say of it: enough to choose the one decoder that will look at the rest."""

from esteio.files.images.order import Refused, Source

LONGEST = 4096
"""Bytes of a head."""

_STILL = (b"heic", b"heix", b"heim", b"heis")
_MOVING = (b"msf1", b"hevc", b"hevx", b"hevm", b"hevs")


def source_of(head: bytes) -> Source:
    """Which of the four formats it claims to be. Raises `Refused` for any other, and for what moves by its head."""
    if not head:
        raise Refused("empty")
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _heic(head)
    raise Refused("format")


def _heic(head: bytes) -> Source:
    """A file of its family (ISO/IEC 23008-12) names its brands first: the major one, a version, the compatible ones."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if brands[0] in _MOVING:
        raise Refused("animated")
    if not any(brand in _STILL for brand in brands):
        raise Refused("format")
    return "heic"


def webp_canvas(head: bytes) -> tuple[int, int]:
    """Width and height. Its decoder allocates them when it opens the file, so that they are needed before that.

    Raises `Refused` where the file moves or its head is none.
    """
    kind, body = head[12:16], head[20:30]
    if len(body) < 10:
        raise Refused("damaged")
    if kind == b"VP8X":
        if body[0] & 0x02:
            raise Refused("animated")
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    raise Refused("damaged")
