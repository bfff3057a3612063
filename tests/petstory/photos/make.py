"""Draws the two sample photos: `python tests/petstory/photos/make.py`. The same bytes with the same libraries."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from PIL.TiffImagePlugin import IFDRational

HERE = Path(__file__).parent
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
Painter = Callable[[ImageDraw.ImageDraw], None]


class Scene:
    """A picture that is built up from soft, furry bodies."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.size = (width, height)
        self.random = np.random.default_rng(seed)
        self.image = Image.new("RGB", self.size)

    def gradient(self, top: Colour, bottom: Colour) -> None:
        rows = np.linspace(0, 1, self.size[1])[:, None, None]
        sheet = np.array(top) * (1 - rows) + np.array(bottom) * rows
        self.image = Image.fromarray(np.broadcast_to(sheet, (*self.size[::-1], 3)).astype(np.uint8))

    def lights(self, count: int, area: Box, colours: list[Colour], radius: tuple[int, int], blur: int) -> None:
        """Round spots, as a lens makes of lights far behind."""
        for _ in range(count):
            x, y = self.random.uniform(area[0], area[2]), self.random.uniform(area[1], area[3])
            r = self.random.uniform(*radius)
            colour = colours[self.random.integers(len(colours))]
            veil = Image.new("L", self.size)
            ImageDraw.Draw(veil).ellipse((x - r, y - r, x + r, y + r), fill=int(self.random.uniform(40, 120)))
            self.image.paste(colour, mask=veil.filter(ImageFilter.GaussianBlur(blur)))

    def mask(self, paint: Painter, blur: float = 1.5) -> Image.Image:
        veil = Image.new("L", self.size)
        paint(ImageDraw.Draw(veil))
        return veil.filter(ImageFilter.GaussianBlur(blur))

    def shadow(self, paint: Painter, strength: float, blur: float) -> None:
        veil = self.mask(paint, blur).point(lambda value: int(value * strength))
        self.image.paste((20, 16, 14), mask=veil)

    def body(
        self, paint: Painter, light: Colour, dark: Colour, fur: int, length: float, centre: tuple[float, float]
    ) -> None:
        """A round body, lit from the upper left, with hairs that lie away from its centre."""
        mask = self.mask(paint)
        box = mask.getbbox()
        assert box is not None
        depth = np.asarray(mask.filter(ImageFilter.GaussianBlur(max(box[2] - box[0], box[3] - box[1]) / 9)), np.float32)
        lit = np.asarray(ImageChops.offset(Image.fromarray(depth.astype(np.uint8)), 26, 34), np.float32)
        shade = np.clip((0.55 * depth + 0.45 * lit) / 255, 0, 1)[..., None]
        sheet = np.array(dark) * (1 - shade) + np.array(light) * shade
        self.image.paste(Image.fromarray(sheet.astype(np.uint8)), mask=mask)
        self._hairs(mask, sheet, fur, length, centre)

    def _hairs(
        self, mask: Image.Image, sheet: np.ndarray, count: int, length: float, centre: tuple[float, float]
    ) -> None:
        draw = ImageDraw.Draw(self.image)
        inside = np.argwhere(np.asarray(mask) > 140)
        for y, x in inside[self.random.integers(len(inside), size=count)]:
            angle = np.arctan2(y - centre[1], x - centre[0]) + self.random.normal(0, 0.35)
            long = length * self.random.uniform(0.5, 1.4)
            tone = np.clip(sheet[y, x] * self.random.normal(1, 0.11), 0, 255).astype(int)
            end = (x + long * np.cos(angle), y + long * np.sin(angle))
            draw.line(((x, y), end), fill=tuple(tone.tolist()), width=int(self.random.integers(1, 4)))

    def flat(self, paint: Painter, colour: Colour, blur: float = 1.5) -> None:
        self.image.paste(colour, mask=self.mask(paint, blur))

    def eye(self, x: float, y: float, r: float, iris: Colour, slit: bool) -> None:
        self.flat(
            lambda draw: draw.ellipse((x - r * 1.2, y - r * 1.08, x + r * 1.2, y + r * 1.08), fill=255), (22, 16, 14)
        )
        self.flat(lambda draw: draw.ellipse((x - r, y - r * 0.95, x + r, y + r * 0.95), fill=255), iris)
        wide = r * (0.3 if slit else 0.62)
        self.flat(lambda draw: draw.ellipse((x - wide, y - r * 0.8, x + wide, y + r * 0.8), fill=255), (10, 8, 8))
        light = (x - r * 0.55, y - r * 0.6, x - r * 0.1, y - r * 0.15)
        self.flat(lambda draw: draw.ellipse(light, fill=255), (250, 250, 245))

    def developed(self, size: tuple[int, int]) -> Image.Image:
        """Scaled down, with a darker rim and the grain of a sensor."""
        small = np.asarray(self.image.resize(size, Image.Resampling.LANCZOS), np.float32)
        y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
        rim = (1 - 0.16 * np.clip(x**2 + y**2 - 0.5, 0, None))[..., None]
        return Image.fromarray(np.clip(small * rim + self.random.normal(0, 3.2, small.shape), 0, 255).astype(np.uint8))


def dog() -> Image.Image:
    scene = Scene(1500, 2000, 7)
    scene.gradient((150, 190, 214), (92, 132, 66))
    scene.lights(70, (0, 700, 1500, 1500), [(64, 110, 52), (122, 160, 84), (84, 134, 66)], (60, 160), 26)
    scene.lights(34, (0, 0, 1500, 760), [(244, 226, 160), (220, 236, 230), (176, 206, 190)], (24, 90), 7)
    scene.body(
        lambda draw: draw.rectangle((0, 1720, 1500, 2000), fill=255),
        (118, 158, 72),
        (62, 96, 40),
        5000,
        44,
        (750, 3400),
    )
    scene.shadow(lambda draw: draw.ellipse((260, 1760, 1260, 1960), fill=255), 0.55, 40)
    gold, deep = (232, 184, 116), (142, 88, 40)
    scene.body(lambda draw: draw.ellipse((400, 960, 1110, 1960), fill=255), gold, deep, 16000, 46, (755, 700))
    scene.body(
        lambda draw: draw.ellipse((560, 1060, 950, 1760), fill=255),
        (248, 226, 184),
        (198, 150, 92),
        9000,
        56,
        (755, 700),
    )
    for left in (470, 800):
        scene.shadow(
            lambda draw, left=left: draw.rounded_rectangle((left - 12, 1470, left + 240, 1930), 120, fill=255), 0.35, 16
        )
        scene.body(
            lambda draw, left=left: draw.rounded_rectangle((left, 1450, left + 215, 1900), 105, fill=255),
            gold,
            deep,
            5000,
            40,
            (left + 107, 1000),
        )
        scene.body(
            lambda draw, left=left: draw.ellipse((left - 30, 1800, left + 245, 1950), fill=255),
            (244, 208, 148),
            deep,
            2500,
            22,
            (left + 107, 1700),
        )
    scene.shadow(lambda draw: draw.ellipse((420, 480, 1090, 1190), fill=255), 0.5, 26)
    scene.flat(lambda draw: draw.rounded_rectangle((500, 1085, 1010, 1160), 38, fill=255), (186, 32, 40))
    scene.body(lambda draw: draw.ellipse((430, 330, 1080, 1110), fill=255), gold, (164, 104, 50), 16000, 34, (755, 760))
    scene.body(
        lambda draw: draw.ellipse((660, 350, 850, 760), fill=255),
        (246, 214, 160),
        (216, 164, 100),
        4000,
        32,
        (755, 800),
    )
    for points in (
        [(500, 400), (400, 430), (310, 590), (290, 800), (350, 960), (450, 960), (500, 800), (540, 560)],
        [(1010, 400), (1110, 430), (1200, 590), (1220, 800), (1160, 960), (1060, 960), (1010, 800), (970, 560)],
    ):
        scene.shadow(lambda draw, points=points: draw.polygon([(x, y + 16) for x, y in points], fill=255), 0.45, 18)
        scene.body(
            lambda draw, points=points: draw.polygon(points, fill=255),
            (186, 122, 62),
            (104, 58, 26),
            9000,
            44,
            (755, 0),
        )
    scene.shadow(lambda draw: draw.ellipse((570, 740, 940, 1090), fill=255), 0.28, 24)
    scene.flat(lambda draw: draw.ellipse((678, 930, 832, 1150), fill=255), (58, 22, 26))
    scene.body(
        lambda draw: draw.ellipse((692, 960, 818, 1185), fill=255), (236, 124, 132), (176, 70, 84), 300, 6, (755, 900)
    )
    scene.body(
        lambda draw: draw.ellipse((575, 720, 775, 1030), fill=255),
        (252, 232, 196),
        (206, 158, 104),
        5000,
        26,
        (735, 800),
    )
    scene.body(
        lambda draw: draw.ellipse((735, 720, 935, 1030), fill=255),
        (252, 232, 196),
        (206, 158, 104),
        5000,
        26,
        (775, 800),
    )
    scene.body(
        lambda draw: draw.ellipse((655, 715, 855, 860), fill=255), (58, 48, 46), (16, 12, 12), 200, 5, (755, 780)
    )
    scene.flat(lambda draw: draw.ellipse((700, 735, 760, 765), fill=190), (170, 165, 165), 8)
    scene.flat(lambda draw: draw.line(((755, 855), (755, 945)), fill=255, width=10), (48, 28, 22), 2)
    scene.eye(615, 640, 46, (96, 54, 24), False)
    scene.eye(895, 640, 46, (96, 54, 24), False)
    scene.flat(lambda draw: draw.ellipse((705, 1120, 805, 1220), fill=255), (236, 196, 72))
    return scene.developed((1050, 1400))


def cat() -> Image.Image:
    scene = Scene(2000, 1500, 11)
    scene.gradient((206, 214, 222), (176, 160, 150))
    scene.flat(lambda draw: draw.rectangle((1180, 0, 1900, 900), fill=255), (214, 232, 246), 18)
    scene.lights(26, (1200, 60, 1880, 860), [(250, 246, 220), (168, 206, 170), (190, 220, 240)], (30, 90), 10)
    scene.flat(lambda draw: draw.rectangle((1520, 0, 1556, 900), fill=255), (240, 238, 232), 9)
    scene.flat(lambda draw: draw.rectangle((0, 1020, 2000, 1500), fill=255), (66, 112, 128), 10)
    scene.body(
        lambda draw: draw.rounded_rectangle((-80, 1050, 2080, 1560), 60, fill=255),
        (92, 148, 162),
        (40, 82, 98),
        4000,
        14,
        (1000, -3000),
    )
    scene.shadow(lambda draw: draw.ellipse((360, 1180, 1700, 1420), fill=255), 0.5, 34)
    grey, deep = (178, 170, 162), (78, 70, 68)
    scene.body(lambda draw: draw.ellipse((620, 640, 1640, 1360), fill=255), grey, deep, 18000, 38, (700, 900))
    for step in range(6):
        x = 960 + step * 100
        scene.flat(
            lambda draw, x=x: draw.arc((x - 160, 640, x + 100, 1240), -70, 40, fill=200, width=30), (72, 62, 60), 7
        )
    tail = [(1600, 1180), (1740, 1240), (1760, 1330), (1560, 1370), (1200, 1380)]
    scene.shadow(lambda draw: draw.line([(x, y + 14) for x, y in tail], fill=255, width=110, joint="curve"), 0.4, 16)
    scene.body(lambda draw: draw.line(tail, fill=255, width=96, joint="curve"), grey, deep, 4000, 26, (1500, 900))
    scene.body(
        lambda draw: draw.ellipse((470, 860, 900, 1370), fill=255),
        (236, 230, 222),
        (150, 140, 134),
        9000,
        42,
        (690, 600),
    )
    for left in (480, 690):
        scene.shadow(lambda draw, left=left: draw.ellipse((left, 1290, left + 200, 1410), fill=255), 0.4, 12)
        scene.body(
            lambda draw, left=left: draw.ellipse((left, 1265, left + 200, 1390), fill=255),
            (244, 240, 234),
            (160, 150, 144),
            2000,
            18,
            (left + 100, 1100),
        )
    scene.shadow(lambda draw: draw.ellipse((390, 380, 990, 960), fill=255), 0.45, 24)
    for ear, inner in (
        ([(420, 560), (400, 230), (640, 420)], [(455, 500), (440, 300), (575, 420)]),
        ([(960, 560), (980, 230), (740, 420)], [(925, 500), (940, 300), (805, 420)]),
    ):
        scene.body(lambda draw, ear=ear: draw.polygon(ear, fill=255), grey, deep, 3000, 24, (690, 700))
        scene.body(
            lambda draw, inner=inner: draw.polygon(inner, fill=255),
            (226, 168, 160),
            (176, 120, 116),
            900,
            24,
            (690, 700),
        )
    scene.body(
        lambda draw: draw.ellipse((390, 360, 990, 920), fill=255), (190, 182, 174), (96, 86, 82), 16000, 28, (690, 690)
    )
    for x in (570, 630, 690, 750, 810):
        lean = (x - 690) * 0.35
        scene.flat(
            lambda draw, x=x, lean=lean: draw.line(((x + lean, 375), (x - lean * 0.4, 500)), fill=220, width=24),
            (68, 58, 56),
            6,
        )
    for side in (-1, 1):
        for step in range(3):
            y = 660 + step * 60
            ends = ((690 + side * 285, y - 20), (690 + side * 200, y + 10))
            scene.flat(lambda draw, ends=ends: draw.line(ends, fill=200, width=20), (74, 64, 62), 6)
    scene.body(
        lambda draw: draw.ellipse((575, 680, 710, 850), fill=255),
        (250, 246, 240),
        (190, 178, 168),
        3000,
        20,
        (690, 740),
    )
    scene.body(
        lambda draw: draw.ellipse((670, 680, 805, 850), fill=255),
        (250, 246, 240),
        (190, 178, 168),
        3000,
        20,
        (690, 740),
    )
    scene.flat(lambda draw: draw.polygon([(640, 690), (740, 690), (690, 750)], fill=255), (222, 128, 128), 4)
    scene.flat(lambda draw: draw.line(((690, 750), (690, 800)), fill=255, width=8), (90, 60, 58), 2)
    for x in (640, 740):
        scene.flat(lambda draw, x=x: draw.arc((x - 52, 750, x + 52, 826), 10, 170, fill=255, width=8), (90, 60, 58), 2)
    scene.eye(565, 610, 62, (122, 172, 76), True)
    scene.eye(815, 610, 62, (122, 172, 76), True)
    for side in (-1, 1):
        for step in range(4):
            ends = ((690 + side * 80, 770 + step * 10), (690 + side * 400, 700 + step * 58))
            scene.flat(lambda draw, ends=ends: draw.line(ends, fill=235, width=5), (250, 248, 244), 1.2)
    return scene.developed((1400, 1050))


def located() -> Image.Exif:
    """A camera held upright that knows where it is: the picture lies on its side in the file."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F], exif[0x0110] = "Esteio", "Sample"
    degrees = [IFDRational(27), IFDRational(35), IFDRational(48)]
    exif.get_ifd(0x8825).update({1: "S", 2: tuple(degrees), 3: "W", 4: (IFDRational(48), *degrees[1:])})
    return exif


def main() -> None:
    dog().save(HERE / "dog.jpg", quality=84, optimize=True)
    # Turned so that orientation 6 (a quarter clockwise when shown) sets it upright.
    cat().transpose(Image.Transpose.ROTATE_90).save(HERE / "cat.jpg", quality=84, optimize=True, exif=located())


if __name__ == "__main__":
    main()
