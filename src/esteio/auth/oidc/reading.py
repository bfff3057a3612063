"""From the text of `ESTEIO_AUTH__ISSUERS` to settings, or to sentences that say what is wrong with it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from esteio.auth.oidc.settings import IssuerSettings

SHAPE = 'write a JSON list of issuers, such as [{"issuer": "https://clerk.example.org", "preset": "clerk"}]'


def _read(value: Any) -> tuple[IssuerSettings, ...]:
    found = tuple(_issuer(number, item) for number, item in enumerate(_listed(value), 1))
    twice = [issuer for issuer, times in Counter(item.issuer for item in found).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} is there more than once")
    return found


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except ValueError as error:
            raise ValueError(f"{SHAPE} ({error})") from error
    if not isinstance(value, list | tuple):
        raise ValueError(SHAPE)
    return list(value)


def _issuer(number: int, item: Any) -> IssuerSettings:
    if isinstance(item, IssuerSettings):
        return item
    if not isinstance(item, Mapping):
        raise ValueError(SHAPE)
    try:
        return IssuerSettings.model_validate(item)
    except ValidationError as error:
        name = str(item.get("issuer") or number)[:200]
        raise ValueError(f"issuer {name}: {'; '.join(_sentences(error))}") from error


def _sentences(error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in found["loc"])
        if found["type"] == "missing":
            yield f"`{field}` is not set"
        elif found["type"] == "extra_forbidden":
            near = get_close_matches(field, list(IssuerSettings.model_fields), n=1)
            yield f"there is no setting `{field}`" + (f", did you mean `{near[0]}`?" if near else "")
        else:
            words = str(found["msg"]).removeprefix("Value error, ")
            yield f"`{field}`: {words}" if field else words


Issuers = Annotated[tuple[IssuerSettings, ...], BeforeValidator(_read)]
"""Other issuers, each once."""
