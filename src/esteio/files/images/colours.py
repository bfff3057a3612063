"""Any picture's colours as sRGB, without transparency."""

from io import BytesIO

from PIL import Image, ImageCms

_WHITE = (255, 255, 255, 255)
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The mode that pixels have which a profile of the colour space speaks of."""

LARGEST_PROFILE = 4 * 1_048_576


def in_srgb(picture: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue; what is transparent lies on white."""
    profile = picture.info.get("icc_profile")
    plain = _flat(_eight_bits(picture))
    if isinstance(profile, bytes) and 0 < len(profile) <= LARGEST_PROFILE:
        plain = _translated(plain, profile)
    return plain if plain.mode == "RGB" else plain.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of sixteen bits is scaled; Pillow by itself would cut it off."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point([value >> 8 for value in range(65_536)], "L")
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")
    clear = picture.convert("RGBA")
    paper = Image.new("RGBA", clear.size, _WHITE)
    paper.alpha_composite(clear)
    return paper.convert("RGB")


def _translated(picture: Image.Image, profile: bytes) -> Image.Image:
    """By the profile, where it can be read and speaks of such pixels; else as they are."""
    try:
        spoken = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _SPACES.get(spoken.profile.xcolor_space)
        if mode is None or (mode != picture.mode and not (mode == "L" and picture.mode == "RGB")):
            return picture
        made = ImageCms.profileToProfile(
            picture.convert(mode), spoken, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return made or picture
