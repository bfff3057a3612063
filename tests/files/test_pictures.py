"""Pictures over HTTP: what is taken, what becomes of it, and each refusal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.contract.problems import problem
from tests.files import photos
from tests.house import Served


@pytest.fixture(scope="module")
def served(gallery: Served) -> Served:
    return gallery


@pytest.fixture(autouse=True)
def nothing_stays(served: Served, folder: Path, temp: Path) -> Iterator[None]:
    """Whatever a test sends: no temporary file stays, and as many objects come as rows do."""
    yield
    assert list(temp.iterdir()) == []
    assert len([path for path in folder.rglob("*") if path.is_file()]) == served.sql("SELECT count(*) FROM files")[0][0]


def sent(served: Served, data: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> httpx.Response:
    return served.client.post("/api/v2/gallery", files={"photo": (name, data, kind)}, timeout=60)


def taken(served: Served, data: bytes, **more: str) -> tuple[dict[str, Any], bytes]:
    """What was told of the picture, and the picture as the house keeps it."""
    answer = sent(served, data, **more)
    assert answer.status_code == 201, answer.text
    told = answer.json()["data"]["pictures"][0]
    return told, served.client.get(f"/api/v2/gallery/{told['id']}").content


def refused(served: Served, data: bytes, status: int, code: str) -> str:
    """The words of the refusal."""
    told = problem(sent(served, data), status, code)["errors"][0]
    assert (told["field"], told["pointer"]) == ("photo", "#/photo")
    words: str = told["message"]
    return words


@pytest.mark.parametrize(("kind", "source"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("HEIF", "heic")])
def test_each_format_becomes_a_jpeg(served: Served, kind: str, source: str) -> None:
    """Each of the four formats is taken, whatever its name and type say, and kept as an sRGB JPEG of its pixels."""
    told, kept = taken(served, photos.saved(photos.plain(), kind), name="x.pdf", kind="application/pdf")
    assert (told["source"], told["width"], told["height"]) == (source, 96, 64)
    assert photos.upright(kept)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_may_have_been_held_in_any_way(served: Served, orientation: int) -> None:
    """The orientation that EXIF tells is applied to the pixels."""
    told, kept = taken(served, photos.held(orientation))
    assert (told["width"], told["height"]) == (96, 64)
    assert photos.upright(kept)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_the_orientation_of_other_formats(served: Served, kind: str) -> None:
    """EXIF's orientation counts once in every format, also where the decoder applies it by itself."""
    assert photos.upright(taken(served, photos.held(6, kind))[1])


@pytest.mark.parametrize("make", [photos.talkative, photos.png_text, lambda: photos.held(1, "HEIF")])
def test_nothing_but_the_pixels_stays(served: Served, make: Any) -> None:
    """EXIF with GPS, XMP, ICC, comments and text are gone from what is kept."""
    data = make()
    assert photos.SECRET.encode() in data
    kept = taken(served, data)[1]
    assert photos.SECRET.encode() not in kept
    assert _segments(kept) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
    picture = photos.decoded(kept)
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def _segments(data: bytes) -> set[int]:
    """The markers up to the pixels."""
    found, at = {data[1]}, 2
    while data[at + 1] != 0xDA:
        found.add(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


@pytest.mark.parametrize("place", ["comment", "exif", "after"])
def test_a_file_that_is_two_things(served: Served, place: str) -> None:
    """Of a page or an archive that hides in a picture no byte is kept."""
    data = photos.polyglot(place)
    assert photos.SECRET.encode() in data
    kept = taken(served, data)[1]
    for trace in (photos.SECRET.encode(), b"<html", b"<script", b"PK\x03\x04"):
        assert trace not in kept
    assert photos.upright(kept)


@pytest.mark.parametrize(
    "data",
    [
        photos.HTML,
        b"GIF89a" + photos.HTML,
        photos.saved(photos.plain(), "GIF"),
        photos.saved(photos.plain(), "TIFF"),
        photos.saved(photos.plain(), "BMP"),
        photos.saved(photos.plain(), "JPEG2000"),
        photos.saved(photos.plain(), "AVIF"),
        b"%PDF-1.7 ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photos.HTML + photos.saved(photos.plain()),
        b"\x00",
    ],
    ids=["html", "gif-html", "gif", "tiff", "bmp", "jp2", "avif", "pdf", "svg", "html-first", "nul"],
)
def test_other_formats_with_the_right_name(served: Served, data: bytes) -> None:
    """What is not one of the four formats is 415 with words, though it is called photo.jpg and image/jpeg."""
    assert "save it as JPEG" in refused(served, data, 415, "PICTURE_FORMAT")


def test_no_bytes(served: Served) -> None:
    """A file without bytes is told to be empty."""
    assert "no bytes" in refused(served, b"", 422, "PICTURE_EMPTY")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off(served: Served, kind: str, share: float) -> None:
    """A picture whose end is missing is refused; nothing is filled up."""
    whole = photos.saved(Image.effect_noise((400, 300), 90).convert("RGB"), kind)
    assert "cut off" in refused(served, whole[: int(len(whole) * share)], 422, "PICTURE_DAMAGED")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_damaged_heads(served: Served, kind: str) -> None:
    """Nonsense behind a right beginning is refused in words, and never a failure of the house."""
    whole = photos.saved(photos.plain(), kind)
    for at in range(16, min(len(whole), 200), 24):
        answer = sent(served, whole[:at] + b"\xff" * 16 + whole[at + 16 :])
        assert answer.status_code in (201, 415, 422), answer.text


@pytest.mark.parametrize(("kind", "name"), [("PNG", "APNG"), ("WEBP", "WebP")])
def test_what_moves(served: Served, kind: str, name: str) -> None:
    """Animations are refused, not cut to their first picture."""
    assert "moves" in refused(served, photos.animated(kind), 422, "PICTURE_ANIMATED"), name


def test_several_pictures_in_a_heic(served: Served) -> None:
    """A HEIC of several pictures, and one that says to be a film, are refused."""
    refused(served, photos.several_pictures("HEIF"), 422, "PICTURE_ANIMATED")
    film = bytearray(photos.saved(photos.plain(), "HEIF"))
    film[8:12] = b"hevc"
    refused(served, bytes(film), 422, "PICTURE_ANIMATED")


def test_a_phones_second_picture(served: Served) -> None:
    """A JPEG that carries a second picture of the moment (MPO) is a photo: its first is kept."""
    told, kept = taken(served, photos.several_pictures("MPO"))
    assert told["source"] == "jpeg"
    assert photos.upright(kept)


@pytest.mark.parametrize("adobe", [True, False])
def test_four_inks(served: Served, adobe: bool) -> None:
    """CMYK comes out in its colours, stored inverted as Adobe does or not."""
    assert photos.upright(taken(served, photos.cmyk(adobe=adobe))[1])


@pytest.mark.parametrize("colour", [True, False])
def test_sixteen_bits(served: Served, colour: bool) -> None:
    """Sixteen bits a channel are scaled to eight, not cut off."""
    picture = photos.decoded(taken(served, photos.sixteen_bits(colour=colour))[1])
    for x in (2, 20, 40, 61):
        pixel = picture.getpixel((x, 16))
        assert isinstance(pixel, tuple)
        assert all(abs(value - x * 4) < 10 for value in pixel), (x, pixel)


@pytest.mark.parametrize("mode", ["P", "L", "1", "LA", "RGBA", "PA"])
def test_modes(served: Served, mode: str) -> None:
    """Palettes, greys, thresholds and transparency come out as RGB."""
    picture = photos.plain().convert("P" if mode == "PA" else mode)
    data = photos.saved(picture, "PNG", **({"transparency": 0} if mode == "PA" else {}))
    told, kept = taken(served, data)
    assert told["source"] == "png"
    assert photos.decoded(kept).size == (96, 64)
    if mode == "P":
        assert photos.upright(kept)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_lies_on_white(served: Served, kind: str) -> None:
    """Where nothing is, the picture is white, whatever colour hides there; half of a colour is half white."""
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    picture.paste((200, 0, 0, 128), (0, 0, 32, 64))
    kept = photos.decoded(taken(served, photos.saved(picture, kind))[1])
    half, nothing = kept.getpixel((10, 32)), kept.getpixel((54, 32))
    assert isinstance(half, tuple)
    assert isinstance(nothing, tuple)
    assert all(abs(a - b) < 12 for a, b in zip(half, (227, 127, 127), strict=True)), half
    assert min(nothing) > 245


def test_a_profile_is_applied(served: Served) -> None:
    """Numbers of another colour space become those of sRGB: linear light is made lighter."""
    grey = Image.new("RGB", (64, 64), (55, 55, 55))
    pixel = photos.decoded(taken(served, photos.saved(grey, icc_profile=photos.linear_profile()))[1]).getpixel((32, 32))
    assert isinstance(pixel, tuple)
    assert all(118 < value < 138 for value in pixel), pixel


def test_a_profile_that_is_none(served: Served) -> None:
    """A profile that cannot be read, or speaks of other pixels, is ignored."""
    assert photos.upright(taken(served, photos.saved(photos.plain(), icc_profile=b"no profile" * 40))[1])
    assert photos.upright(taken(served, photos.saved(photos.plain(), icc_profile=photos.lab_profile()))[1])


def test_a_longest_edge(served: Served) -> None:
    """What is kept has an edge of 4096 pixels at most, in its proportions and colours."""
    told, kept = taken(served, photos.saved(photos.plain(6000, 3000)))
    assert (told["width"], told["height"]) == (4096, 2048)
    assert photos.upright(kept)
    told, _ = taken(served, photos.saved(photos.plain(20000, 2).convert("P"), "PNG"))
    assert (told["width"], told["height"]) == (4096, 1)


BOMBS = {
    "png 13300": lambda: photos.png_bomb(13_300, 13_300),
    "png 50000": lambda: photos.png_bomb(50_000, 10),
    "webp 16383": photos.webp_bomb,
    "webp claim": lambda: photos.webp_claiming(16_000_000, 16_000_000),
    "jpeg 65000": lambda: photos.jpeg_claiming(65_000, 65_000),
}


@pytest.mark.parametrize("bomb", list(BOMBS))
def test_bombs(served: Served, bomb: str) -> None:
    """A few kilobytes that claim more than forty million pixels are refused by their head, with both figures."""
    data = BOMBS[bomb]()
    assert len(data) < 1_000_000
    words = refused(served, data, 422, "PICTURE_TOO_MANY_PIXELS")
    assert "40 million" in words
    assert "×" in words


def test_the_bombs_are_real(served: Served) -> None:
    """What is refused as a bomb is taken when it is small: it is its size that is refused."""
    for small in (photos.png_bomb(64, 64), photos.webp_bomb(64)):
        assert taken(served, small)[0]["width"] == 64
