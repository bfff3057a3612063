"""What the page says, in both of its languages."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["pt", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """`thousands` and `decimal` are the marks of numbers; `{}` stands where a value goes."""

    tag: str
    thousands: str
    decimal: str
    title: str
    lead: str
    as_of: str
    by_municipio: str
    by_duration: str
    municipio: str
    duration: str
    planned: str
    unplanned: str
    out: str
    served: str
    share: str
    nothing: str
    unknown: str
    other: str
    stale: str
    hours: tuple[str, ...]


WORDS: dict[Language, Words] = {
    "pt": Words(
        tag="pt-BR",
        thousands=".",
        decimal=",",
        title="Interrupções de energia em andamento",
        lead="{} de {} unidades consumidoras sem energia",
        as_of="Situação em {} (horário de Brasília)",
        by_municipio="Unidades consumidoras sem energia, por município",
        by_duration="Há quanto tempo estão sem energia",
        municipio="Município",
        duration="Duração",
        planned="Programada",
        unplanned="Não programada",
        out="Sem energia",
        served="Atendidas",
        share="Proporção",
        nothing="Nenhum município cadastrado.",
        unknown="Município {}",
        other="English",
        stale="Sem atualização no momento; os números podem ter mudado.",
        hours=(
            "menos de 1 hora",
            "1 a 3 horas",
            "3 a 6 horas",
            "6 a 12 horas",
            "12 a 24 horas",
            "24 a 48 horas",
            "mais de 48 horas",
        ),
    ),
    "en": Words(
        tag="en",
        thousands=",",
        decimal=".",
        title="Power outages now",
        lead="{} of {} consumer units without power",
        as_of="As of {} (Brasília time)",
        by_municipio="Consumer units without power, by município",
        by_duration="For how long they have been without power",
        municipio="Município",
        duration="Duration",
        planned="Planned",
        unplanned="Unplanned",
        out="Without power",
        served="Served",
        share="Share",
        nothing="No município is on file.",
        unknown="Município {}",
        other="Português",
        stale="Not updated at the moment; the numbers may have changed.",
        hours=(
            "less than 1 hour",
            "1 to 3 hours",
            "3 to 6 hours",
            "6 to 12 hours",
            "12 to 24 hours",
            "24 to 48 hours",
            "more than 48 hours",
        ),
    ),
}


def language_of(asked: str | None, accepted: str) -> Language:
    """The language that was asked for, else the one that Accept-Language prefers of ours; Portuguese where neither."""
    if asked is not None:
        return "en" if asked == "en" else "pt"
    best: tuple[float, Language] = (0.0, "pt")
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";q=")
        tongue = name.partition("-")[0]
        if tongue in ("pt", "en") and _weight(weight) > best[0]:
            best = (_weight(weight), "en" if tongue == "en" else "pt")
    return best[1]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
