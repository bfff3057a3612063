"""Where the stand-ins are, under `ESTEIO_DEVELOPMENT__…`."""

from pydantic import BaseModel, ConfigDict, Field


class DevelopmentSettings(BaseModel):
    """Without `stand_ins` nobody is played and there are no operations that speak of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stand_ins: str = Field(
        default="",
        description="file that says where stand-ins are, as `esteio up` writes and names it; not read in production",
    )
