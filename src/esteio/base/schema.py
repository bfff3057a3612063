"""The base of every body that a caller may send or receive."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function, no_info_wrap_validator_function


class Body(BaseModel):
    """A body that a caller sends: an unknown field is refused, never ignored; values are not coerced between kinds."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Change(Body):
    """The members that shall change; those that are left out stay. At least one is named.

    `never_empty` are the members that `null` cannot empty: they are optional only in being left out.
    """

    never_empty: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _not_emptied(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name in cls.never_empty:
            raise ValueError("this cannot be empty")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one member to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The members that were named, with their new values."""
        return self.model_dump(exclude_unset=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        said = handler.resolve_ref_schema(schema)
        said["minProperties"] = 1
        for name in cls.never_empty:
            _demand_value(said["properties"][name])
        return schema


def _demand_value(schema: dict[str, Any]) -> None:
    """Take `null` out of what a member may be."""
    members = [member for member in schema.pop("anyOf", []) if member != {"type": "null"}]
    if len(members) == 1:
        schema |= members[0]
    elif members:
        schema["anyOf"] = members
    schema.pop("default", None)


class View(BaseModel):
    """A body that a caller receives; it documents what the reads write."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def no_control(text: str) -> str:
    """The text. Raises `ValueError` for control characters other than newline and tab."""
    if any((character < " " and character not in "\n\t") or character == "\x7f" for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time lies between the years 1 and 9999") from error


def _written(value: Any) -> Any:
    """Seconds since an epoch are no way to write a time here, neither as number nor as digits."""
    if isinstance(value, int | float) or (isinstance(value, str) and not value[4:5] == "-"):
        raise ValueError("write it as RFC 3339 does, such as 2026-11-21T10:30:00Z or 2026-11-21")
    return value


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("write it as true or false")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("write it as a number")
    return value


Flag = Annotated[bool, BeforeValidator(_truth)]
"""True or false of a body; 0, 1 and words are something else."""

Whole = Annotated[int, BeforeValidator(_number)]
"""A whole number of a body; digits in quotes are a text."""

Number = Annotated[float, BeforeValidator(_number)]
"""A number of a body; digits in quotes are a text."""


class _Printable:
    """Says in a JSON Schema what `no_control` asks."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "pattern": r"^[^\u0000-\u0008\u000b-\u001f\u007f]*$"}


@dataclass(frozen=True, slots=True)
class Written:
    """A text that a pattern describes; who writes it otherwise is told `words` instead of the pattern."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "pattern": self.pattern}

    def _checked(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(self.words)
        return text


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of one of several kinds; what is none of them is told `words` once, at its own place.

    Without it each kind would refuse the value by itself, below a name that no caller has written.
    """

    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_wrap_validator_function(self._checked, handler(source))

    def _checked(self, value: Any, kinds: ValidatorFunctionWrapHandler) -> Any:
        try:
            return kinds(value)
        except ValidationError as error:
            raise ValueError(self.words) from error


Text = Annotated[str, AfterValidator(no_control), _Printable()]
"""Text without control characters other than newline and tab; PostgreSQL could not store NUL."""

Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_aware)]
"""A point in time in RFC 3339 with its offset, kept in UTC."""

Day = Annotated[date, BeforeValidator(_written)]
"""A calendar day, `2026-11-21`."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several values written in one setting, separated by commas; blanks are ignored."""
