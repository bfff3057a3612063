"""How rates, and the names of limits and plans, are written in requests."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

from esteio.limits.policy import rate


def _rate(text: str) -> str:
    rate(text)
    return text


Rate = Annotated[str, Field(max_length=32, examples=["60/minute"]), AfterValidator(_rate)]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,58}$", description="Name of the limit or plan")]
