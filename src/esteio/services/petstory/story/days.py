"""Dates as they are written out."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from esteio.services.petstory.schemas import Language

_MONTHS: Final[Mapping[Language, str]] = {
    "pt-BR": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}


def written_day(when: date, language: Language) -> str:
    """A date in the language's words: 3 de maio de 2019, 3 May 2019."""
    month = _MONTHS[language].split()[when.month - 1]
    return f"{when.day} {month} {when.year}" if language == "en" else f"{when.day} de {month} de {when.year}"
