"""Marked and small pictures."""

from io import BytesIO
from subprocess import run
from sys import executable

import numpy as np
import pytest
from PIL import Image

from esteio.services.petstory.art.decoding import Undecodable, decoded
from esteio.services.petstory.art.previews import EDGE, prepared, thumbnail, watermarked
from esteio.standins.gemini.drawing import bomb
from tests.petstory.photos.samples import NAMES, as_taken, jpeg, upright


def pixels(data: bytes) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def png(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


PICTURES = {
    **{name: upright(name) for name in NAMES},
    "white": jpeg(Image.new("RGB", (1800, 2400), "white")),
    "black": jpeg(Image.new("RGB", (2400, 1800), "black")),
    "grey": jpeg(Image.new("RGB", (1000, 1000), "grey")),
}


@pytest.mark.parametrize("what", PICTURES)
def test_the_mark_is_everywhere(what: str) -> None:
    """Any ninth of a preview shows the mark, whatever the picture: cutting one's part out does not get rid of it."""
    marked = pixels(watermarked(PICTURES[what]))
    plain = pixels(thumbnail(PICTURES[what], EDGE))
    changed = np.abs(marked - plain).max(axis=2) > 24
    rows, columns = (np.array_split(np.arange(length), 3) for length in changed.shape)
    shares = [float(changed[np.ix_(high, wide)].mean()) for high in rows for wide in columns]
    print(what, [round(share, 3) for share in shares])
    assert min(shares) > 0.03
    assert max(shares) < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_is_small_and_still_the_picture(name: str) -> None:
    """A preview is a JPEG of 900 pixels, some 100 kB, in which the picture is recognisable."""
    data = watermarked(upright(name))
    marked, plain = pixels(data), pixels(thumbnail(upright(name), EDGE))
    assert max(marked.shape) == EDGE
    assert len(data) < 250_000
    assert np.corrcoef(marked.ravel(), plain.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 3)])
def test_previews_of_odd_pictures(size: tuple[int, int]) -> None:
    """A picture of any shape has a preview and a thumbnail, neither larger than asked for."""
    picture = png(Image.new("RGB", size, "red"))
    for data in (watermarked(picture), thumbnail(picture, 200)):
        assert max(pixels(data).shape[:2]) <= EDGE


def test_a_thumbnail_is_not_enlarged() -> None:
    """A small photo's thumbnail is as small as the photo; a large one's has the edge asked for."""
    assert pixels(thumbnail(png(Image.new("RGB", (30, 20))), 200)).shape[:2] == (20, 30)
    assert pixels(thumbnail(upright("cat"), 200)).shape[:2] == (150, 200)


def test_prepared_takes_over_nothing_but_pixels() -> None:
    """What a picture brings along (metadata, transparency, bytes behind its end) is gone once it is written anew."""
    whole = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    whole.paste((0, 0, 255, 255), (0, 0, 20, 30))
    data, width, height = prepared(png(whole) + b"<script>", "image/png")
    assert (width, height) == (40, 30)
    assert b"<script>" not in data
    assert pixels(data)[5, 5].tolist() == [0, 0, 255]
    assert pixels(data)[5, 35].tolist() == [255, 255, 255]
    jpeg_data, *_ = prepared(as_taken("cat"), "image/jpeg")
    with Image.open(BytesIO(jpeg_data)) as image:
        assert image.format == "JPEG"
        assert not image.getexif()


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg/>", upright("dog")[:9000], bomb(), png(Image.new("1", (5000, 5000))), bytes(33 * 2**20)],
    ids=["nothing", "svg", "cut", "bomb", "too many pixels", "too many bytes"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """What does not decode within the bounds is refused by one error."""
    with pytest.raises(Undecodable):
        decoded(data)


def test_a_bomb_costs_no_memory() -> None:
    """A picture of 576 million pixels is refused by its head, and the process does not grow."""
    code = (
        "import resource, sys\n"
        "from esteio.services.petstory.art.decoding import Undecodable, decoded\n"
        "from esteio.standins.gemini.drawing import bomb\n"
        "data = bomb()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    decoded(data)\nexcept Undecodable:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = run([executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(grown) < 30_000
