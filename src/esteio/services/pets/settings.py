"""What operators may set, under `ESTEIO_PETS__…`."""

from pydantic import BaseModel, ConfigDict, Field

LARGEST_IMPORT = 32 * 1_048_576
"""Bytes; no setting allows more, and no request may send more."""


class PetsSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    restorable_days: int = Field(default=30, ge=1, le=365, description="how long a deleted pet can be restored")
    import_bytes: int = Field(
        default=10 * 1_048_576, ge=1024, le=LARGEST_IMPORT, description="bytes of a CSV file that is imported"
    )
