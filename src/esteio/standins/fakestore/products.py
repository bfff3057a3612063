"""Twenty invented products of the shape that the real shop's have.

Its manners are kept: prices are whole numbers and fractions mixed, some titles end with a blank, and a rating is not
always there.
"""

from __future__ import annotations

from typing import Any

ELECTRONICS, JEWELLERY = "electronics", "jewelery"  # the second is spelled as the real shop spells it
MEN, WOMEN = "men's clothing", "women's clothing"


def _product(
    number: int, title: str, price: float, category: str, description: str, rating: tuple[float, int] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": number,
        "title": title,
        "price": price,
        "description": description,
        "category": category,
        "image": f"https://images.example.org/shop/{number:02d}_t.png",
    }
    if rating is not None:
        made["rating"] = {"rate": rating[0], "count": rating[1]}
    return made


HAMMOCK_SHIRT = (
    "A loose shirt cut from the cotton that hammocks are woven of. It is washed twice before it is sewn, so that it "
    "keeps its size; the buttons are turned from jarina seed. Two pockets on the chest close with a loop, a third one "
    "inside takes a passport. Long sleeves can be rolled and fastened above the elbow. The collar stands without "
    "being stiff. Made for days that begin on the river and end at a table; dries over night on a line. Wash at 30 "
    "degrees with similar colours, do not bleach, iron while damp. The colour may differ a little from one bolt of "
    "cloth to the next, which is no defect."
)

PRODUCTS = (
    _product(
        1, "River Guide Dry Pack, 22 Litres", 84.9, MEN, "Rolls shut and floats. Straps for the back.", (4.1, 132)
    ),
    _product(2, "Plain Undershirt in Combed Cotton ", 19, MEN, "Three in a box, all of one size.", (3.8, 402)),
    _product(3, "Rain Jacket “Maracá” with Sealed Seams", 129.5, MEN, "Keeps out a whole wet season.", (4.6, 88)),
    _product(
        4,
        "Hammock Cloth Shirt with Jarina Buttons, Rolled Sleeves and an Inner Pocket, Natural White",
        64.25,
        MEN,
        HAMMOCK_SHIRT,
        (4.4, 51),
    ),
    _product(5, "Braided Leather Belt", 35, MEN, "No holes: the pin finds its place anywhere."),
    _product(6, "Silver Ring “Two Rivers”", 148.0, JEWELLERY, "Two bands that meet and stay apart.", (4.8, 27)),
    _product(7, "Gold Plated Seed Pendant ", 72.45, JEWELLERY, "A real açaí seed under a thin coat.", (3.9, 64)),
    _product(8, "Ear Studs, Surgical Steel", 9.99, JEWELLERY, "Small, plain, kind to the skin.", (4.0, 310)),
    _product(
        9, "Amethyst Bracelet on an Elastic Cord", 54, JEWELLERY, "Eighteen stones, none like another.", (4.2, 45)
    ),
    _product(10, "Chain of Brushed Titanium, 50 cm", 615.75, JEWELLERY, "Weighs less than it looks."),
    _product(11, "Solid State Drive 1 TB, USB-C", 99.0, ELECTRONICS, "Fits a pocket; writes 900 MB/s.", (4.5, 720)),
    _product(12, "Rugged Drive 2 TB ", 134, ELECTRONICS, "Falls from a table and goes on.", (4.3, 215)),
    _product(13, "Wide Monitor 34 Inch, 120 Hz", 799, ELECTRONICS, "Two windows side by side, no seam.", (3.4, 58)),
    _product(14, "Headphones with a Cord", 48.6, ELECTRONICS, "Nothing to charge. Three metres.", (4.7, 1093)),
    _product(15, "Solar Lamp with a Hand Crank", 27.3, ELECTRONICS, "A minute of turning, an hour of light.", (4.9, 5)),
    _product(16, "Rain Cape, Packs into Its Hood", 39.99, WOMEN, "Covers a rucksack as well.", (3.7, 149)),
    _product(17, "Linen Trousers, High Waist ", 58, WOMEN, "Wide legs, deep pockets.", (2.9, 33)),
    _product(18, "Short Sleeved Blouse in Viscose", 12.95, WOMEN, "Falls softly, needs no ironing.", (4.5, 146)),
    _product(19, "Running Shirt, Quick to Dry", 7.5, WOMEN, "Seams lie flat; a strip shines in headlights."),
    _product(20, "Cardigan of Merino Wool ", 109.95, WOMEN, "Warm where the air conditioning is not.", (3.6, 92)),
)
