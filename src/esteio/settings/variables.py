"""From environment variables to the nested values that the settings' models read."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

PREFIX = "ESTEIO_"

ALIASES: dict[str, tuple[str, str]] = {
    "API_VERSION": ("http", "api_version"),
    "ENABLE_SWAGGER_UI": ("http", "swagger_ui"),
    "ENABLE_REDOC": ("http", "redoc"),
    "TRUSTED_HOSTS": ("http", "trusted_hosts"),
    "CORS_ORIGINS": ("http", "cors_origins"),
    "DATABASE_URL": ("database", "url"),
    "REDIS_URL": ("redis", "url"),
    "REDIS_TTL": ("redis", "ttl"),
    "RATE_LIMIT_ENABLED": ("limits", "enabled"),
    "RATE_LIMIT_DEFAULT": ("limits", "default"),
    "ACCESS_TOKEN_EXPIRE_MINUTES": ("auth", "access_minutes"),
    "REFRESH_TOKEN_EXPIRE_DAYS": ("auth", "refresh_days"),
    "RADAR_API_KEY": ("auth", "api_key"),
    "RADAR_API_KEYS_ADDITIONAL": ("auth", "api_keys_additional"),
    "DEBUG": ("", "debug"),
}
"""Names that the products' operators know. The `ESTEIO_…` name wins where both are set."""

NOT_SETTINGS = frozenset({"ESTEIO_LIFELINE_FD", "ESTEIO_CONFIG"})
"""Variables with the prefix that the house passes to its own children."""


def gathered(variables: Mapping[str, str], sections: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Values by section, and the names that begin with `ESTEIO_` but lead nowhere."""
    known = set(sections)
    values: dict[str, Any] = {}
    unknown: list[str] = []
    for alias, (section, name) in ALIASES.items():
        if alias in variables:
            _put(values, section, name, variables[alias])
    for variable, value in variables.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        section, separator, name = variable.removeprefix(PREFIX).lower().partition("__")
        if not separator:
            _put(values, "", section, value)
        elif section in known:
            _put(values, section, name, value)
        else:
            unknown.append(variable)
    return values, unknown


def _put(values: dict[str, Any], section: str, name: str, value: str) -> None:
    if section:
        values.setdefault(section, {})[name] = value
    else:
        values[name] = value


def problems_of(model: type[BaseModel], values: Any, into: dict[str, Any], name: str) -> list[str]:
    """Parse one model's values into `into[name]`; the sentences that say what is wrong with them."""
    try:
        into[name] = model.model_validate(values)
    except ValidationError as error:
        return [_sentence(item, name, model) for item in error.errors(include_url=False, include_context=False)]
    return []


def _sentence(item: Any, section: str, model: type[BaseModel]) -> str:
    path = [section, *item["loc"]] if section else [*item["loc"]]
    variable = variable_name(*(str(part) for part in path))
    if item["type"] == "missing":
        return f"{variable} is not set."
    if item["type"] == "extra_forbidden":
        near = get_close_matches(str(path[-1]), _fields(model, item["loc"]), n=1)
        hint = f" Did you mean {variable_name(*map(str, path[:-1]), near[0])}?" if near else ""
        return f"{variable} is not a setting of Esteio.{hint}"
    return f"{variable} is not acceptable ({_shape(item['input'], variable)}): {item['msg']}."


def variable_name(*path: str) -> str:
    """The environment variable of a path in the tree: `("http", "redoc")` → `ESTEIO_HTTP__REDOC`."""
    return PREFIX + "__".join(part.upper() for part in path)


def _fields(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)


def _shape(value: Any, variable: str) -> str:
    """What a value looks like, without showing one that may be secret."""
    if isinstance(value, SecretStr) or any(word in variable for word in ("SECRET", "KEY", "URL", "PASSWORD", "TOKEN")):
        return f"{len(str(value))} characters, not shown"
    return f"it is {str(value)[:60]!r}"
