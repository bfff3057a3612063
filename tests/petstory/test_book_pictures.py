"""Pictures are as large as print needs, and thirty of them are no burden."""

import asyncio
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from esteio.services.petstory.book.pictures import fitted, share
from tests.petstory.books import content, made, picture

MAIL = 10 * 1_048_576
CHILD_BYTES = 800 * 1_048_576
"""What a child may use at most for the largest order; measured is about half of it."""


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_a_large_picture_is_made_as_large_as_its_page(tmp_path: Path) -> None:
    """300 dpi of the printed area, the proportions kept."""
    small = opened(fitted(picture(1, (4000, 3000))))

    assert small.size == (2055, 1541)
    assert small.format == "JPEG"


def test_a_fitting_jpeg_is_not_encoded_again() -> None:
    """No generation of quality is lost for nothing."""
    data = picture(2)

    assert fitted(data) is data


def test_a_picture_is_made_smaller_until_it_fits() -> None:
    """The bytes that a mail can carry are shared among the pictures."""
    rough = picture(3, (2000, 2000), grain=2)

    small = fitted(rough, within=300_000)

    assert len(rough) > 300_000 >= len(small)
    assert min(opened(small).size) >= 600


def test_turned_transparent_and_grey_pictures_come_out_as_they_look() -> None:
    """Orientation is applied, transparency is white, grey stays grey, and no metadata remain."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    turned = BytesIO()
    opened(picture(4, (300, 200))).save(turned, "JPEG", exif=exif)
    clear = BytesIO()
    Image.fromarray(np.zeros((40, 60, 4), np.uint8)).save(clear, "PNG")
    grey = BytesIO()
    Image.new("L", (30, 20), 128).save(grey, "PNG")

    upright = opened(fitted(turned.getvalue()))
    assert upright.size == (200, 300)
    assert not upright.getexif()
    assert opened(fitted(clear.getvalue())).getpixel((30, 20)) == (255, 255, 255)
    assert opened(fitted(grey.getvalue())).mode == "L"


@pytest.mark.parametrize("data", [b"", b"GIF89a", picture(5)[:200], b"%PDF-1.7"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """Nothing but a picture becomes one."""
    with pytest.raises(ValueError, match="picture"):
        fitted(data)


def test_naming_the_module_loads_no_pillow() -> None:
    """A process that only queues books does not pay for the picture library, nor for the compiler."""
    source = (
        "import sys; import esteio.services.petstory.book.pictures, esteio.services.petstory.book.making,"
        "esteio.services.petstory.story.choice; print([m for m in ('PIL', 'typst', 'segno', 'google.genai', 'cv2')"
        " if m in sys.modules])"
    )
    child = asyncio.run(_said(source))

    assert child == "[]"


async def _said(source: str) -> str:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", source, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    return said.decode().strip()


def test_a_book_of_ten_photos_fits_a_mail_and_a_small_machine(tmp_path: Path) -> None:
    """Thirty pictures that fill their pages, each different, make a book of less than 10 MB in bounded memory."""
    each = share(31)
    for number in range(31):
        data = fitted(picture(number, (1800, 2360), grain=60), within=each)
        assert len(data) <= each
        (tmp_path / f"{number}.jpg").write_bytes(data)

    book = made(content(tmp_path, 30))

    assert book.stat().st_size <= MAIL
    peak = _peak(tmp_path)
    assert 0 < peak <= CHILD_BYTES


def _peak(folder: Path) -> int:
    """The most memory that making this folder's book needs, in bytes, while the child is watched."""

    async def watched() -> int:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "esteio.services.petstory.book.compiling", str(folder), "again.pdf", "60")
        )
        ended = asyncio.create_task(child.wait())
        looked, peak = psutil.Process(child.pid), 0
        while not ended.done():
            with suppress(psutil.Error):
                peak = max(peak, looked.memory_info().rss)
            await asyncio.wait([ended], timeout=0.005)
        assert child.returncode == 0
        return peak

    return asyncio.run(watched())
