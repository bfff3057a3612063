"""How the house is seen, under `ESTEIO_TELEMETRY__…`."""

import sys
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TelemetrySettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is written"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console where standard error is a terminal, else json"
    )
    access_log: bool = Field(default=True, description="write a line for every request")

    @property
    def for_people(self) -> bool:
        """Whether lines are written to be read in a terminal."""
        return self.log_format == "console" or (self.log_format == "auto" and sys.stderr.isatty())
