"""The sample photos, as they lie there and as they are once an upload was taken."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

HERE = Path(__file__).parent
NAMES = ("dog", "cat")


def as_taken(name: str) -> bytes:
    """The file."""
    return (HERE / f"{name}.jpg").read_bytes()


def upright(name: str) -> bytes:
    """A JPEG that needs no turning."""
    with Image.open(BytesIO(as_taken(name))) as image:
        return jpeg(ImageOps.exif_transpose(image))


def jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG without metadata."""
    data = BytesIO()
    image.convert("RGB").save(data, "JPEG", quality=92)
    return data.getvalue()
