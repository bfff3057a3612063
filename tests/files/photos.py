"""Pictures of every kind, made as they are needed."""

import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin
from pillow_heif import register_heif_opener

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 160, 40), (30, 40, 200), (120, 120, 120)
QUARTERS = (RED, GREEN, BLUE, GREY)
"""Upper left, upper right, lower left, lower right."""

ORIENTATION, MAKE, GPS, LATITUDE = 0x0112, 0x010F, 0x8825, 2
SECRET = "RuaDasLaranjeiras"
"""Stands in everything about a picture that is none of its pixels."""


@cache
def plain(width: int = 96, height: int = 64) -> Image.Image:
    """Four quarters of one colour each."""
    made = Image.new("RGB", (width, height))
    for at, colour in enumerate(QUARTERS):
        corner = (at % 2 * width // 2, at // 2 * height // 2)
        made.paste(colour, (*corner, corner[0] + width // 2, corner[1] + height // 2))
    return made


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    if kind == "HEIF":
        register_heif_opener()
    if kind in ("JPEG", "WEBP", "HEIF"):
        options.setdefault("quality", 95)
    into = BytesIO()
    picture.save(into, kind, **options)
    return into.getvalue()


def decoded(data: bytes) -> Image.Image:
    """A picture of the house, as Pillow reads it."""
    picture = Image.open(BytesIO(data))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    picture.load()
    return picture


def quarters(data: bytes) -> list[str]:
    """Which colours the quarters have, by the nearest of the four, row by row."""
    picture = decoded(data)
    w, h = picture.size
    places = ((w // 4, h // 4), (3 * w // 4, h // 4), (w // 4, 3 * h // 4), (3 * w // 4, 3 * h // 4))
    return [_nearest(picture.getpixel(place)) for place in places]


def upright(data: bytes) -> bool:
    return quarters(data) == ["RED", "GREEN", "BLUE", "GREY"]


def _nearest(pixel: Any) -> str:
    names = ("RED", "GREEN", "BLUE", "GREY")
    away = [sum(abs(a - b) for a, b in zip(pixel, colour, strict=True)) for colour in QUARTERS]
    assert min(away) < 60, pixel
    return names[away.index(min(away))]


def telling_exif(orientation: int = 1) -> Image.Exif:
    """Where and with what it was taken, and how the camera was held."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKE] = SECRET
    exif.get_ifd(GPS)[LATITUDE] = (22.0, 55.0, 48.0)
    return exif


TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera held so sees what is upright."""


def held(orientation: int, kind: str = "JPEG") -> bytes:
    """What a camera saves that was held so."""
    turn = TURNED[orientation]
    seen = plain() if turn is None else plain().transpose(turn)
    return saved(seen, kind, exif=telling_exif(orientation).tobytes())


def talkative() -> bytes:
    """A JPEG that says in every place how secret it is: EXIF, XMP, ICC, a comment, and a thumbnail's place."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(
        plain(),
        exif=telling_exif(),
        xmp=f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode(),
        icc_profile=profile,
        comment=SECRET,
    )


def png_text() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET)
    return saved(plain(), "PNG", pnginfo=notes, exif=telling_exif())


def cmyk(*, adobe: bool = True) -> bytes:
    """As a printer has it. Pillow writes it as Adobe does: inverted, with a segment that says so; or it has neither."""
    inks = plain().convert("CMYK")
    if adobe:
        return saved(inks)
    data = saved(Image.eval(inks, lambda value: 255 - value))
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, depth: int, colour: int, rows: Iterator[bytes]) -> bytes:
    """A PNG of these rows, written by hand."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" + row) for row in rows) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_bomb(edge: int, rows: int) -> bytes:
    """Some kilobytes that are a square picture of one bit a pixel; the last rows may be left out."""
    return png_of(edge, edge, 1, 0, (b"\0" * ((edge + 7) // 8) for _ in range(rows)))


def sixteen_bits(*, colour: bool) -> bytes:
    """Rows that go from black to white in sixteen bits, as grey or as the three colours."""
    ramp = [value * 1024 for value in range(64)]
    row = b"".join(struct.pack(">H", value) * (3 if colour else 1) for value in ramp)
    return png_of(64, 32, 16, 2 if colour else 0, iter([row] * 32))


def webp_bomb(edge: int = 16383) -> bytes:
    """A whole lossless WebP of one colour, whose pixels take no bits at all: the largest there can be has 40 bytes."""
    bits = _Bits()
    bits.add(0x2F, 8)
    bits.add(edge - 1, 14)
    bits.add(edge - 1, 14)
    bits.add(0, 1 + 3 + 1 + 1 + 1)  # no alpha, version 0, no transform, no cache of colours, one group of codes
    for symbol in (0x40, 0x20, 0x60, 0xFF, None):
        # A simple code of one symbol: green, red, blue, alpha of eight bits, and a distance of one.
        bits.add(0b01 if symbol is None else 0b101, 3)
        bits.add(symbol or 0, 1 if symbol is None else 8)
    body = b"WEBPVP8L" + struct.pack("<I", len(bits.data)) + bits.data + b"\0" * (len(bits.data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


class _Bits:
    """Bits, the lowest first."""

    def __init__(self) -> None:
        self._value = self._length = 0

    def add(self, value: int, length: int) -> None:
        self._value |= value << self._length
        self._length += length

    @property
    def data(self) -> bytes:
        return self._value.to_bytes((self._length + 7) // 8 + 1, "little")


def webp_claiming(width: int, height: int) -> bytes:
    """A small WebP whose head claims a large canvas."""
    inner = saved(plain(), "WEBP")[12:]
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + sizes + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose frame header claims other measures."""
    data = bytearray(saved(plain()))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def animated(kind: str) -> bytes:
    return saved(plain(), kind, save_all=True, append_images=[plain().rotate(180)], duration=100)


def several_pictures(kind: str) -> bytes:
    """MPO, as phones save a moment twice, or HEIC with several pictures."""
    return saved(plain(), kind, save_all=True, append_images=[plain().rotate(180)])


HTML = b"<html><script>alert('" + SECRET.encode() + b"')</script></html>"


def polyglot(place: str) -> bytes:
    """A JPEG that is something else, too: a page in a comment, or an archive behind its end."""
    data = saved(plain())
    if place == "comment":
        return saved(plain(), comment=HTML)
    if place == "exif":
        exif = Image.Exif()
        exif[MAKE] = HTML.decode()
        return saved(plain(), exif=exif)
    assert place == "after"
    return data + b"PK\x03\x04" + HTML * 10


def linear_profile() -> bytes:
    """sRGB's colours with numbers that count light: the curves of the standard profile are made straight."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12):
        if data[at : at + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            place = int.from_bytes(data[at + 4 : at + 8], "big")
            data[place : place + 12] = b"curv" + b"\0" * 8
            data[at + 8 : at + 12] = (12).to_bytes(4, "big")
    return bytes(data)


def lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def of_bytes(size: int) -> bytes:
    """A picture of about so many bytes: noise that is not compressed."""
    edge = int((size / 3) ** 0.5)
    return saved(
        Image.frombytes("RGB", (edge, edge), random.Random(1).randbytes(edge * edge * 3)), "PNG", compress_level=0
    )


def many_scans(number: int, size: tuple[int, int] = (256, 256)) -> bytes:
    """A sound progressive JPEG with so many scans and some more that say that there is nothing to change."""
    whole = saved(Image.new("L", size, 128), progressive=True, quality=50)
    # A code of one bit for "the next 16384 blocks and more, by 14 bits, have nothing further".
    table = b"\xff\xc4\x00\x14\x11\x01" + bytes(15) + b"\xe0"
    scan = b"\xff\xda\x00\x08\x01\x01\x11\x01\x3f\x00" + b"\x00\x01"
    return whole[:-2] + table + scan * number + whole[-2:]
