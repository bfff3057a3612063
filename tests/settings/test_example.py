"""`.env.example` against the settings themselves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from esteio.catalog import SHIPPED
from esteio.runtime.opening import sections
from esteio.settings import Settings, read_settings
from esteio.settings.variables import ALIASES

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"(#?)(ESTEIO_[A-Z0-9_]+)=(.*)")


def variables(model: type[BaseModel], prefix: str = "ESTEIO_") -> Iterator[str]:
    for name, field in model.model_fields.items():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            yield from variables(below, f"{prefix}{name.upper()}__")
        elif name != "services":
            yield f"{prefix}{name.upper()}"


def every_variable() -> set[str]:
    found = set(variables(Settings))
    for service, model in sections(SHIPPED).items():
        found |= set(variables(model, f"ESTEIO_{service.upper()}__"))
    return found


def unexplained(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            yield from unexplained(below, f"{path}.{name}")
        elif name != "services" and not (field.description or "").strip():
            yield f"{path}.{name}"


@pytest.fixture
def lines() -> list[tuple[str, str, str]]:
    found = [LINE.fullmatch(line) for line in EXAMPLE.read_text().splitlines()]
    return [(match[1], match[2], match[3]) for match in found if match]


def test_every_setting_is_listed_once(lines: list[tuple[str, str, str]]) -> None:
    """The file names each variable of the platform and of every shipped service, and no other."""
    named = [name for _, name, _ in lines]
    assert sorted(named) == sorted(every_variable())


def test_what_is_shown_as_default_is_the_default(lines: list[tuple[str, str, str]]) -> None:
    """Taking every line as it stands changes nothing."""
    given = {
        "ESTEIO_SECRET_KEY": "x" * 40,
        "ESTEIO_DATABASE__URL": "postgresql://x@h/d",
        "ESTEIO_REDIS__URL": "redis://h/0",
    }
    written = {name: value for _, name, value in lines if value} | given
    nowhere = Path("nowhere")
    offered = sections(SHIPPED)
    assert read_settings(offered, written, nowhere) == read_settings(offered, given, nowhere)


def test_only_what_has_no_default_is_to_be_filled_in(lines: list[tuple[str, str, str]]) -> None:
    """The lines that are not commented out are those without which nothing starts."""
    needed = {"ESTEIO_SECRET_KEY", "ESTEIO_DATABASE__URL", "ESTEIO_REDIS__URL"}
    assert {name for mark, name, _ in lines if not mark} == needed


def test_every_setting_is_explained() -> None:
    """Above each variable stand words of its own, not only its bounds."""
    for title, model in {"": Settings, **sections(SHIPPED)}.items():
        assert list(unexplained(model, title)) == []


def test_every_alias_is_told() -> None:
    """Who knows a setting by its old name finds it."""
    text = EXAMPLE.read_text()
    assert [alias for alias in ALIASES if not re.search(rf"\b{alias}\b", text)] == []
