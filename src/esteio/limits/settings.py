"""How often callers may call, under `ESTEIO_LIMITS__…`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from esteio.limits.policy import rate


def _rate(text: str) -> str:
    rate(text)
    return text


Rate = Annotated[str, AfterValidator(_rate)]


class LimitSettings(BaseModel):
    """A rate is written `60/minute`, `10/second` or `100/30s`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="whether anybody is limited at all")
    default: Rate = Field(default="60/minute", description="for every caller, on routes that name no other policy")
    at_once: str = Field(
        default="",
        max_length=2000,
        description="how many of what takes long may run at the same time, where not as declared: downloads=8, …",
    )
