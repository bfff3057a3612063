"""A story in three short paragraphs, in the language that the prompt asks for, about the pet that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

NAMES = (
    re.compile(r"<(?:pet[_-]?)?name>\s*(.+?)\s*</", re.IGNORECASE | re.DOTALL),
    re.compile(r'"(?:pet_?)?name"\s*:\s*"((?:[^"\\]|\\.)+)"', re.IGNORECASE),
    re.compile(r"<<<?\s*(.+?)\s*>>>?", re.DOTALL),
    re.compile(r"\[\[\s*(.+?)\s*\]\]", re.DOTALL),
    re.compile(r"[«“]\s*(.+?)\s*[»”]", re.DOTALL),
    re.compile(r"^\s*(?:pet'?s? )?(?:name|nome|nombre)\s*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE),
)
"""The markers between which a prompt may put the name, those that leave least doubt first."""

LANGUAGES: Mapping[str, re.Pattern[str]] = {
    "pt": re.compile(r"\bpt(-BR)?\b|portugu[eê]s", re.IGNORECASE),
    "es": re.compile(r"\bspanish\b|espa[nñ]ol|\blanguage:? *es\b|\bin es\b", re.IGNORECASE),
}
STORIES: Mapping[str, tuple[str, str, str]] = {
    "pt": (
        "{name} chegou numa manhã de chuva e escolheu o lugar mais quente da casa.",
        "Desde então, {name} conhece cada passo da família e espera por todos junto à porta.",
        "Quem encontra {name} uma vez leva um sorriso para o resto do dia.",
    ),
    "es": (
        "{name} llegó una mañana de lluvia y eligió el rincón más cálido de la casa.",
        "Desde entonces, {name} conoce cada paso de la familia y espera a todos junto a la puerta.",
        "Quien encuentra a {name} una vez se lleva una sonrisa para el resto del día.",
    ),
    "en": (
        "{name} came on a rainy morning and chose the warmest corner of the house.",
        "Since then {name} has known every step of the family, and waits for all of them at the door.",
        "Whoever meets {name} once takes a smile along for the rest of the day.",
    ),
}
NOBODY = {"pt": "o bichinho", "es": "la mascota", "en": "the pet"}
USUAL: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "paragraphs": {"type": "array", "items": {"type": "string"}},
        "page_texts": {"type": "array", "items": {"type": "string"}},
    },
}
"""What is told as JSON where no schema says how."""


def told(prompt: str) -> str:
    """The story; without a name between markers it is about "the pet"."""
    return "\n\n".join(_paragraphs(prompt))


def shaped(prompt: str, schema: Mapping[str, Any]) -> str:
    """JSON of that schema, each text in it one of the story's paragraphs.

    Lists have as few elements as they may, but one; three where nothing bounds them.
    """
    return json.dumps(_filled(schema or USUAL, cycle(_paragraphs(prompt))), ensure_ascii=False)


def _paragraphs(prompt: str) -> list[str]:
    language = next((code for code, asking in LANGUAGES.items() if asking.search(prompt)), "en")
    found = next((match[1] for pattern in NAMES if (match := pattern.search(prompt))), NOBODY[language])
    paragraphs = [paragraph.replace("{name}", found) for paragraph in STORIES[language]]
    return [paragraph[0].upper() + paragraph[1:] for paragraph in paragraphs]


def _filled(schema: Mapping[str, Any], texts: Iterator[str]) -> Any:
    match str(schema.get("type", "string")).lower():
        case "object":
            return {name: _filled(part, texts) for name, part in schema.get("properties", {}).items()}
        case "array":
            least = int(schema.get("minItems", schema.get("min_items", min(3, int(schema.get("maxItems", 3))))))
            return [_filled(schema.get("items", {}), texts) for _ in range(max(1, least))]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return str(next(iter(schema.get("enum", ())), None) or next(texts))
