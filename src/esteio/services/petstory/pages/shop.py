"""The shop before it runs: what a book is and costs, and that ordering needs a script."""

from decimal import Decimal
from html import escape

from esteio.services.petstory.pages.frame import Drawn, heading, paragraph
from esteio.services.petstory.pages.order import money
from esteio.services.petstory.pages.words import WORDS
from esteio.services.petstory.schemas import Language


def drawn_shop(language: Language, price: Decimal, currency: str) -> Drawn:
    words = WORDS[language]
    body = [
        heading(words.shop),
        paragraph(words.shop_what),
        paragraph(words.shop_price.format(money(price, currency, words)), "lead"),
        f"<noscript><p>{escape(words.shop_script)}</p></noscript>",
    ]
    return Drawn(words.shop, language, body)
