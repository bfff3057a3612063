"""From a stranger's bytes to a plain JPEG: one still picture, upright, sRGB, within an edge, nothing else in it."""

import re
import resource
from typing import BinaryIO

from PIL import Image, ImageChops, ImageFile, TiffImagePlugin, UnidentifiedImageError  # noqa: F401 - reads EXIF

from esteio.files.images.colours import in_srgb
from esteio.files.images.heads import LONGEST, source_of, webp_canvas
from esteio.files.images.order import Refused, Source, Verdict

QUALITY = 90

_FORMATS: dict[Source, str] = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF"}
_MOST_SCANS = 100
_SCAN = re.compile(rb"\xff\xda\x00[\x08\x0a\x0c\x0e]")
"""The head of a scan (ITU-T T.81, B.2.3). Cameras write up to a dozen; each may cost a walk over all pixels."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def remade(file: BinaryIO, into: BinaryIO, *, pixels: int, edge: int) -> Verdict:
    """Write the picture in the file as a JPEG that holds nothing but its pixels. Raises `Refused` and `MemoryError`."""
    head = file.read(LONGEST)
    source = source_of(head)
    _shut_in(source)
    if source == "webp":
        _bounded(webp_canvas(head), pixels)
    file.seek(0)
    if source == "jpeg" and len(_SCAN.findall(file.read())) > _MOST_SCANS:
        raise Refused("slow")
    file.seek(0)
    try:
        picture = _decoded(_opened(file, source, pixels), edge)
        picture = in_srgb(_upright(_smaller(picture, edge)))
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # Decoders raise whatever the bytes lead them to; each means that these bytes are no whole picture.
        raise Refused("damaged") from error
    picture.info.clear()
    picture.save(into, "JPEG", quality=QUALITY)
    return Verdict(picture.width, picture.height, source)


def _shut_in(source: Source) -> None:
    """What decodes such pictures is loaded; after that nothing more can be opened: no file (among them those in which
    the system shows the environment of other processes), no socket. A decoder that became somebody else's finds what it
    was given.
    """
    Image.preinit()
    if source == "jpeg":
        from PIL import MpoImagePlugin  # noqa: F401 - what Pillow would load on its way
    if source == "webp":
        from PIL import WebPImagePlugin  # noqa: F401
    if source == "heic":
        # Its plug-in brings along a decoder for video, which no other picture needs in the process.
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _opened(file: BinaryIO, source: Source, pixels: int) -> ImageFile.ImageFile:
    """The picture's head, read by its own decoder alone. No pixel is decoded yet."""
    Image.MAX_IMAGE_PIXELS = None  # the bound is here, and stricter than Pillow's warning
    try:
        picture = Image.open(file, formats=(_FORMATS[source],))
    except UnidentifiedImageError as error:
        raise Refused("damaged") from error
    _bounded(picture.size, pixels)
    # A phone's JPEG may carry further pictures of the same moment (MPO): the first is the photo.
    if source != "jpeg" and getattr(picture, "n_frames", 1) > 1:
        raise Refused("animated", picture.size)
    return picture


def _bounded(size: tuple[int, int], pixels: int) -> None:
    if size[0] * size[1] > pixels:
        raise Refused("pixels", size)


def _decoded(picture: ImageFile.ImageFile, edge: int) -> Image.Image:
    """All of it, or an error: what is cut off is not filled up. A JPEG is decoded at a fraction where that will do."""
    if picture.format not in ("JPEG", "MPO"):
        picture.load()
        return picture
    picture.draft(picture.mode, (edge, edge))
    picture.load()
    # Pillow takes all inks for Adobe's, which are written inverted and say so; others are as they are.
    plain_inks = picture.mode == "CMYK" and "adobe" not in picture.info
    return ImageChops.invert(picture) if plain_inks else picture


def _smaller(picture: Image.Image, edge: int) -> Image.Image:
    """Within the edge. Colours that are names become colours first, since nothing lies between two names."""
    if max(picture.size) <= edge:
        return picture
    if picture.mode in ("1", "P", "PA"):
        picture = picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
    picture.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    turn = _TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1  # EXIF that cannot be read says nothing; the pixels are well
