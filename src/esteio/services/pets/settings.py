"""What operators may set, under `ESTEIO_PETS__…`."""

from pydantic import BaseModel, ConfigDict, Field


class PetsSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    restorable_days: int = Field(default=30, ge=1, le=365, description="how long a deleted pet can be restored")
