"""The language of a letter: the one of ours that whoever asks for it prefers."""

from esteio.auth.letters.kinds import Language

_BY_BEGINNING: dict[str, Language] = {"en": "en", "pt": "pt-BR"}


def language_of(accepted: str) -> Language:
    """What an Accept-Language (RFC 9110, 12.5.4) prefers of ours; English where it names neither."""
    found: Language = "en"
    best = 0.0
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        named = _BY_BEGINNING.get(tag.strip().lower().partition("-")[0])
        if named is not None and (value := _weight(weight)) > best:
            found, best = named, value
    return found


def _weight(text: str) -> float:
    """The quality that is written behind a tag; 0 for one that is none."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
