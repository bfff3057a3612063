"""From environment variables to the nested values that the settings' models read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from esteio.settings.secrets import SUFFIX, with_files

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
    "GEMINI_API_KEY": ("petstory", "gemini_api_key"),
    "MERCADOPAGO_ACCESS_TOKEN": ("petstory", "mercadopago_access_token"),
    "MERCADOPAGO_PUBLIC_KEY": ("petstory", "mercadopago_public_key"),
    "MERCADOPAGO_WEBHOOK_SECRET": ("petstory", "mercadopago_webhook_secret"),
    "API_BASE_URL": ("http", "public_url"),
    "WORKER_SLEEP_SECONDS": ("jobs", "poll"),
    "APP_NAME": ("http", "app_name"),
    "TEMP_DIR": ("files", "temp_dir"),
    "SMTP_SERVER": ("mail", "server"),
    "SMTP_PORT": ("mail", "port"),
    "SMTP_USER": ("mail", "user"),
    "SMTP_PASSWORD": ("mail", "password"),
    "EMAIL_FROM": ("mail", "from_address"),
    "EMAIL_FROM_NAME": ("mail", "from_name"),
    "DEBUG": ("", "debug"),
}
"""Names that the products' operators know. The `ESTEIO_…` name wins where both are set."""

NOT_SETTINGS = frozenset({"ESTEIO_LIFELINE_FD", "ESTEIO_CONFIG", "ESTEIO_PLACE"})
"""Variables with the prefix that the house passes to its own children."""


@dataclass
class Gathered:
    """Values by section, the variable that gave each, those that begin with `ESTEIO_` but lead nowhere.

    unreadable: sentences about variables whose file cannot be read.
    """

    values: dict[str, Any] = field(default_factory=dict)
    given: dict[tuple[str, ...], str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def put(self, section: str, name: str, variable: str, value: str) -> None:
        target = self.values.setdefault(section, {}) if section else self.values
        target[name] = value
        self.given[(section, name) if section else (name,)] = variable


def gathered(sources: Iterable[Mapping[str, str]], sections: Collection[str], paths: Collection[str] = ()) -> Gathered:
    """What the sources say, each overruling those before it, and in each the `ESTEIO_…` name its alias.

    `paths` are variables that end in `_FILE` by themselves: their value is a file's name.
    """
    found = Gathered()
    for source in sources:
        variables, wrong = with_files(source, lambda name: _is_known(name, sections) and f"{name}{SUFFIX}" not in paths)
        found.unreadable += wrong
        for alias, (section, name) in ALIASES.items():
            if alias in variables and (not section or section in sections):
                found.put(section, name, alias, variables[alias])
        for variable, value in variables.items():
            if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
                _gather(found, variable, value, sections)
    found.unknown = list(dict.fromkeys(found.unknown))
    return found


def _is_known(variable: str, sections: Collection[str]) -> bool:
    """Whether the variable is read at all: the sections of services may be left unread."""
    if not variable.startswith(PREFIX):
        return variable in ALIASES
    section, separator, _ = variable.removeprefix(PREFIX).lower().partition("__")
    return not separator or section in sections


def _gather(found: Gathered, variable: str, value: str, sections: Collection[str]) -> None:
    section, separator, name = variable.removeprefix(PREFIX).lower().partition("__")
    if separator and section in sections:
        found.put(section, name, variable, value)
    elif separator or section in sections or section == "services":
        found.unknown.append(variable)
    else:
        found.put("", section, variable, value)


def stranger(variable: str, sections: Iterable[str]) -> str:
    """The sentence about a variable whose section does not exist."""
    section, _, name = variable.removeprefix(PREFIX).lower().partition("__")
    near = get_close_matches(section, list(sections), n=1)
    return f"{variable} is not a setting of Esteio.{_hint(near[0], name) if near and name else ''}"


def problems_of(
    model: type[BaseModel], values: Any, into: dict[str, Any], name: str, given: Mapping[tuple[str, ...], str]
) -> list[str]:
    """Parse one model's values into `into[name]`; the sentences that say what is wrong with them.

    `given` are the variables that the operator set, by the path of their value.
    """
    try:
        into[name] = model.model_validate(values)
    except ValidationError as error:
        return [_sentence(item, name, model, given) for item in error.errors(include_url=False, include_context=False)]
    return []


def _sentence(item: Any, section: str, model: type[BaseModel], given: Mapping[tuple[str, ...], str]) -> str:
    path = tuple(str(part) for part in ((section, *item["loc"]) if section else item["loc"]))
    variable = given.get(path[:2]) or variable_name(*path)
    if item["type"] == "missing":
        return f"{variable} is not set."
    if item["type"] == "extra_forbidden":
        near = get_close_matches(path[-1], list(_fields(model, item["loc"])), n=1)
        return f"{variable} is not a setting of Esteio.{_hint(*path[:-1], near[0]) if near else ''}"
    words = str(item["msg"]).removeprefix("Value error, ")
    return f"{variable} is not acceptable{_shape(item['input'], model, item['loc'])}: {words}."


def _hint(*path: str) -> str:
    return f" Did you mean {variable_name(*path)}?"


def variable_name(*path: str) -> str:
    """The environment variable of a path in the tree: `("http", "redoc")` → `ESTEIO_HTTP__REDOC`."""
    return PREFIX + "__".join(part.upper() for part in path)


def _fields(model: type[BaseModel], location: tuple[Any, ...]) -> dict[str, FieldInfo]:
    """The fields among which the last part of the location is one, or should have been."""
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return model.model_fields


def _shape(value: Any, model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """What a value looks like, without showing a secret."""
    if not isinstance(value, str):
        return ""
    field = _fields(model, location).get(str(location[-1])) if location else None
    if field is None or "SecretStr" in repr(field.annotation):
        return f" ({len(value)} characters, not shown)"
    return f" (it is {value[:60]!r})"
