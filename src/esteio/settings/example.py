"""`.env.example`: every setting with its default and what is allowed, written from the models themselves."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from esteio.settings.tree import SECTIONS, Settings
from esteio.settings.variables import ALIASES, variable_name

_TITLES = {
    "": "The deployment",
    "http": "The API: addresses, hosts, browsers, bounds",
    "database": "PostgreSQL; `esteio up` brings its own",
    "redis": "Redis or Valkey; `esteio up` brings its own",
    "auth": "Keys, tokens, passwords",
    "limits": "How often callers may call",
    "files": "Where exports, imports, photos and books are kept; `esteio up` has a folder of its own",
    "mail": "Through which server mail goes",
    "upstream": "Where calls to addresses that callers name may go",
    "webhooks": "Telling other servers, and being told",
    "telemetry": "How the house is seen",
}
_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))


def example(services: Mapping[str, type[BaseModel]]) -> str:
    """The text of `.env.example` for the platform and these services."""
    lines = [
        "# Every setting of Esteio with its default. Set it in the environment, or in `.env`, which the environment",
        "# overrules. What is commented out shows its default. `esteio check-config` says what is wrong with the rest.",
        "# Any of them may lie in a file instead: ESTEIO_SECRET_KEY_FILE=/run/secrets/key.",
    ]
    lines += _section("", Settings)
    for name in SECTIONS:
        model = Settings.model_fields[name].annotation
        assert isinstance(model, type)
        lines += _section(name, model)
    for name, model in services.items():
        lines += _section(name, model)
    return "\n".join(lines) + "\n"


def _section(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"# == {_TITLES.get(name, f'The service {name}')} =="
    for field, info in model.model_fields.items():
        if name == "" and (field in SECTIONS or field == "services"):
            continue
        yield ""
        yield from _setting(variable_name(*filter(None, (name, field))), info, _aliases(name, field))


def _setting(variable: str, info: FieldInfo, aliases: Iterable[str]) -> Iterator[str]:
    words = "; ".join(filter(None, (info.description, ", ".join(_bounds(info)))))
    if words:
        yield f"# {words}"
    if aliases:
        yield f"# also read as {', '.join(aliases)}"
    yield f"{variable}=" if info.is_required() else f"#{variable}={_written(info.default)}"


def _bounds(info: FieldInfo) -> Iterator[str]:
    choices = [choice for choice in get_args(info.annotation) if isinstance(choice, str)]
    if choices:
        yield f"one of {', '.join(choices)}"
    for rule in info.metadata:
        for name, words in _BOUNDS:
            if getattr(rule, name, None) is not None:
                yield f"{words} {getattr(rule, name)}"


def _aliases(section: str, field: str) -> list[str]:
    return [alias for alias, place in ALIASES.items() if place == (section, field)]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)
