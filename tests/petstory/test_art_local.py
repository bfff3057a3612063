"""Pictures drawn by this machine: what each style does to a photo."""

import asyncio
import hashlib
import sys
import threading
import time
from io import BytesIO
from subprocess import run
from uuid import UUID

import cv2
import numpy as np
import pytest
from PIL import Image

from esteio.services.petstory.art.choice import artist
from esteio.services.petstory.art.drawing import Drawn, art_key
from esteio.services.petstory.art.gemini import GeminiArtist
from esteio.services.petstory.art.local import LocalArtist
from esteio.services.petstory.art.outcomes import PhotoRefused
from esteio.services.petstory.schemas import STYLES, Style
from esteio.services.petstory.settings import PetstorySettings
from tests.petstory.photos.samples import NAMES, as_taken, jpeg, upright

Array = np.ndarray


def drawn(photo: bytes, style: Style) -> Drawn:
    began = time.monotonic()
    made = asyncio.run(LocalArtist().draw(photo, style))
    print(f"{style}: {time.monotonic() - began:.2f} s, {len(made.image) / 1024:.0f} KiB")
    return made


@pytest.fixture(scope="module")
def pictures() -> dict[tuple[str, Style], Drawn]:
    """Each sample in each style."""
    return {(name, style): drawn(upright(name), style) for name in NAMES for style in STYLES}


def pixels(data: bytes, size: tuple[int, int] | None = None) -> Array:
    """RGB, perhaps scaled."""
    with Image.open(BytesIO(data)) as image:
        whole = image.convert("RGB")
        return np.asarray(whole.resize(size, Image.Resampling.BOX) if size else whole)


def slopes(picture: Array) -> Array:
    """How steep the lightness is, everywhere."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))


def alike(one: Array, other: Array) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", STYLES)
def test_a_picture_is_large_and_has_the_photos_proportions(
    pictures: dict[tuple[str, Style], Drawn], name: str, style: Style
) -> None:
    """A picture fills the page at 200 dots per inch, is what it says it is, and is in the photo's proportions."""
    made = pictures[name, style]
    with Image.open(BytesIO(made.image)) as image:
        assert image.size == (made.width, made.height)
        assert Image.MIME[str(image.format)] == made.media_type
        assert not image.getexif()
    with Image.open(BytesIO(upright(name))) as photo:
        assert made.width / made.height == pytest.approx(photo.width / photo.height, rel=0.005)
    assert sorted((made.width, made.height)) == [1800, 2400]
    assert (made.provider, made.cost) == ("local", 0)
    assert len(made.image) < 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_black_on_white(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """A colouring page is mostly white paper with some black on it and next to nothing between."""
    light = pixels(pictures[name, "line"].image)[:, :, 0]
    white, black = float((light > 240).mean()), float((light < 60).mean())
    assert white > 0.8
    assert 0.01 < black < 0.3
    assert white + black > 0.97


@pytest.mark.parametrize("name", NAMES)
def test_lines_lie_where_the_photo_has_edges(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """The lines follow this photo's edges: far better than when shifted, and better than another picture's would."""
    size = (180, 240) if name == "dog" else (240, 180)
    small = pixels(upright(name), size)
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    edges = np.maximum.reduce(
        [cv2.magnitude(cv2.Sobel(one, cv2.CV_32F, 1, 0), cv2.Sobel(one, cv2.CV_32F, 0, 1)) for one in cv2.split(lab)]
    )
    ink = 255.0 - cv2.GaussianBlur(pixels(pictures[name, "line"].image, size)[:, :, 0], (0, 0), 1.0)
    along = alike(edges, ink)
    print(f"{name}: {along:.3f}")
    assert along > 0.5
    assert along > 2 * alike(edges, np.roll(ink, (31, 43), (0, 1)))


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_whole(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """There are few lines, and what is shorter than a sixtieth of the page is next to nothing of their ink."""
    light = pixels(pictures[name, "line"].image)[:, :, 0]
    _, _, stats, _ = cv2.connectedComponentsWithStats((light < 128).astype(np.uint8), connectivity=8)
    extents = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    areas = stats[1:, cv2.CC_STAT_AREA]
    assert 3 <= len(extents) < 100
    assert areas[extents < 2400 / 60].sum() < 0.005 * areas.sum()


@pytest.mark.parametrize("name", NAMES)
def test_a_cartoon_has_few_colours(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """A handful of colours cover a cartoon, where the photo needs hundreds for as much; they are the photo's own."""
    picture, photo = pixels(pictures[name, "cartoon"].image), pixels(upright(name))
    assert needed(picture) * 4 < needed(photo)
    size = (45, 60) if name == "dog" else (60, 45)
    assert alike(pixels(pictures[name, "cartoon"].image, size), pixels(upright(name), size)) > 0.9
    assert float((cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) < 48).mean()) > 0.01


def needed(picture: Array) -> int:
    """How many colours, told apart by five bits of each value, make up nine tenths of the picture."""
    codes = (picture >> 3).astype(np.int64) @ np.array([1024, 32, 1])
    shares = np.sort(np.bincount(codes.ravel()))[::-1].cumsum() / codes.size
    return int(np.searchsorted(shares, 0.9)) + 1


@pytest.mark.parametrize("name", NAMES)
def test_a_watercolour_is_soft_and_keeps_hues(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """Within its rim a watercolour has a small part of the photo's contours and hair, and everywhere its hue."""
    size = (900, 1200) if name == "dog" else (1200, 900)
    inner = np.s_[size[1] // 8 : -size[1] // 8, size[0] // 8 : -size[0] // 8]
    picture, photo = (pixels(data, size)[inner] for data in (pictures[name, "watercolour"].image, upright(name)))
    assert slopes(picture).mean() < 0.6 * slopes(photo).mean()
    seen, was = (
        cv2.cvtColor(cv2.GaussianBlur(one, (0, 0), 6), cv2.COLOR_RGB2HSV).astype(int) for one in (picture, photo)
    )
    colourful = (was[:, :, 1] > 60) & (seen[:, :, 1] > 60)
    away = np.abs(seen[:, :, 0] - was[:, :, 0])[colourful]
    assert colourful.mean() > 0.05
    assert float(np.mean(np.minimum(away, 180 - away) < 10)) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_watercolour_is_on_paper(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """The rim is bare paper, which is nearly white and not smooth."""
    picture = pixels(pictures[name, "watercolour"].image)
    rim = np.concatenate([picture[:6].reshape(-1, 3), picture[-6:].reshape(-1, 3)])
    assert rim.mean() > 225
    assert rim.std() > 1.5


@pytest.mark.parametrize("name", NAMES)
def test_styles_differ_and_repeat(pictures: dict[tuple[str, Style], Drawn], name: str) -> None:
    """No style looks like another, and drawing again gives the same bytes."""
    small = [pixels(pictures[name, style].image, (60, 60)).astype(int) for style in STYLES]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(small[one] - small[other]).mean() > 8
    for style in STYLES:
        assert drawn(upright(name), style) == pictures[name, style]


EXTREMES = {
    "one pixel": Image.new("RGB", (1, 1), (200, 120, 40)),
    "a strip": Image.radial_gradient("L").resize((4096, 8)),
    "a column": Image.radial_gradient("L").resize((8, 4096)),
    "white": Image.new("RGB", (640, 480), "white"),
    "black": Image.new("RGB", (640, 480), "black"),
    "grey": Image.radial_gradient("L"),
    "noise": Image.effect_noise((500, 700), 90),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("what", EXTREMES)
def test_any_photo_becomes_a_picture(what: str, style: Style) -> None:
    """Photos of every shape and of nothing at all are drawn, too."""
    photo = EXTREMES[what]
    made = drawn(jpeg(photo), style)
    with Image.open(BytesIO(made.image)) as image:
        image.load()
        assert image.size == (made.width, made.height)
    assert max(made.width, made.height) <= 2400
    assert min(made.width, made.height) <= 1800
    assert made.width <= photo.width * 4


def test_white_stays_white() -> None:
    """Nothing is drawn where there is nothing."""
    for style in STYLES:
        assert pixels(drawn(jpeg(EXTREMES["white"]), style).image).mean() > 235


@pytest.mark.parametrize("photo", [b"", b"no picture", as_taken("dog")[:4000]], ids=["nothing", "words", "cut"])
def test_what_is_no_photo_is_refused(photo: bytes) -> None:
    """Bytes that do not decode are the photo's fault, with a code."""
    with pytest.raises(PhotoRefused) as refused:
        asyncio.run(LocalArtist().draw(photo, "line"))
    assert refused.value.reason == "UNREADABLE"


def test_drawing_does_not_hold_up_the_loop() -> None:
    """While a picture is drawn, the loop goes on."""

    async def beside() -> int:
        turns = 0
        drawing = asyncio.create_task(LocalArtist().draw(upright("dog"), "line"))
        while not drawing.done():
            await asyncio.sleep(0.01)
            turns += 1
        await drawing
        return turns

    assert asyncio.run(beside()) > 10


def test_several_at_once_are_drawn_one_after_another() -> None:
    """Many callers at once get the same pictures as alone, and OpenCV takes no further threads."""

    async def crowd() -> list[Drawn]:
        return await asyncio.gather(*(LocalArtist().draw(upright("cat"), "watercolour") for _ in range(4)))

    before = threading.active_count()
    made = asyncio.run(crowd())
    assert len({hashlib.sha256(one.image).hexdigest() for one in made}) == 1
    assert cv2.getNumThreads() == 1
    assert threading.active_count() <= before + 5


def test_who_does_not_draw_has_no_opencv() -> None:
    """Choosing an artist, as the API process does, imports neither OpenCV, numpy, Pillow nor Google's client."""
    code = (
        "import sys; from esteio.services.petstory.art import choice; "
        "from esteio.services.petstory.settings import PetstorySettings; "
        "choice.artist(PetstorySettings(gemini_api_key='k')); choice.artist(PetstorySettings()); "
        "print(sorted({'cv2', 'numpy', 'PIL', 'google.genai', 'httpx2'} & set(sys.modules)))"
    )
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_who_draws_is_chosen_by_the_settings() -> None:
    """This machine draws unless a key is set or somebody is named."""
    assert isinstance(artist(PetstorySettings()), LocalArtist)
    assert isinstance(artist(PetstorySettings(gemini_api_key="key")), GeminiArtist)
    assert isinstance(artist(PetstorySettings(gemini_api_key="key", art="local")), LocalArtist)


def test_a_pictures_place_is_its_own() -> None:
    """The place of a picture follows from what it is of, and differs with each part of that."""
    order, digest = UUID(int=1), "ab" * 32
    place = art_key(order, digest, "line", "local", "1")
    assert place == art_key(order, digest.upper(), "line", "local", "1")
    others = {
        art_key(UUID(int=2), digest, "line", "local", "1"),
        art_key(order, "cd" * 32, "line", "local", "1"),
        art_key(order, digest, "cartoon", "local", "1"),
        art_key(order, digest, "line", "gemini", "1"),
        art_key(order, digest, "line", "local", "2"),
        art_key(order, digest, "line", "local|1", ""),
        art_key(order, digest, "line", "local", "|1"),
    }
    assert len(others | {place}) == 8
